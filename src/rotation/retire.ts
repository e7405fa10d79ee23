import { problemOf } from './errors.ts';
import type { IssuedCredential, Issuer } from './ports.ts';
import type { Superseded } from './record.ts';
import type { Situation } from './situation.ts';
import { carriedEntries } from './superseded.ts';
import type { World } from './world.ts';
import { commit, draftRecord, type Written } from './write.ts';

/**
 * The fence: strays enter the record with a grace of their own. Every publish that is still under way was built on an
 * older version and fails from now on, so after the grace nobody can have received them.
 */
export async function enterStrays(s: Situation, strays: readonly Superseded[], world: World): Promise<Written> {
  const record = recordOf(s);
  const superseded = [...carriedEntries(s, record), ...strays];
  const written = await commit(s, draftRecord(s, { ...record, by: world.replica, superseded }), world);
  for (const stray of strays) world.report({ event: 'strays.entered', ...named(s, stray), version: written.version });
  return written;
}

/** Revokes entries whose grace is over. Writes nothing: only a later list settles them. Throws `PortError`. */
export async function revoke(s: Situation, entries: readonly Superseded[], world: World): Promise<void> {
  for (const entry of entries) {
    const issuer = world.lists.issuerOf(entry.instance);
    if (!issuer) continue;
    const began = world.clock.now();
    await issuer.revoke(entry.id);
    world.lists.noteRevoked(entry.id);
    const durationMs = world.clock.now() - began;
    world.report({ event: 'credential.revoked', step: 'revoke', ...named(s, entry), why: entry.why, durationMs });
  }
}

/**
 * An attempt's own candidate, whose publish was never sent. If even this fails the candidate is left: it shows as a
 * stray and goes the way of strays.
 */
export async function revokeCandidate(
  s: Situation,
  candidate: IssuedCredential,
  issuer: Issuer,
  world: World,
): Promise<void> {
  const names = {
    application: s.application.name,
    instance: issuer.instance,
    credentialId: candidate.id,
    accessKeyId: candidate.accessKeyId,
  };
  try {
    await issuer.revoke(candidate.id);
    world.report({ event: 'candidate.revoked', ...names });
  } catch (error) {
    world.report({ event: 'candidate.left', ...names, ...problemOf(error) });
  }
}

function named(s: Situation, entry: Superseded) {
  const revokeAt = entry.revoke_at === null ? null : Date.parse(entry.revoke_at);
  const generation = s.observation.lists.get(entry.instance)?.byId(entry.id)?.marker?.generation;
  return {
    ...(generation !== undefined && { generation }),
    application: s.application.name,
    instance: entry.instance,
    credentialId: entry.id,
    accessKeyId: entry.access_key_id,
    revokeAt,
  };
}

function recordOf(s: Situation) {
  if (!s.record) throw new Error('strays are entered into a record, and there is none');
  return s.record;
}
