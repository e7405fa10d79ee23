import { authorOf } from './drift.ts';
import { problemOf } from './errors.ts';
import type { RotationEvent } from './events.ts';
import { read } from './observe.ts';
import type { Superseded } from './record.ts';
import { revocable } from './revocation.ts';
import { type Situation, situate } from './situation.ts';
import { carriedEntries, type Entering, strayEntries } from './superseded.ts';
import type { World } from './world.ts';
import { commit, draftRecord, type Written } from './write.ts';

/**
 * The fence: strays enter the record with a grace of their own. Every publish that is still under way was built on an
 * older version and fails from now on, so after the grace nobody can have received them.
 */
export async function enterStrays(s: Situation, entering: Entering, world: World): Promise<Written> {
  if (!s.record) throw new Error('strays are entered into a record, and there is none');
  const strays = strayEntries(s, entering);
  const superseded = [...carriedEntries(s, s.record), ...strays];
  const by = authorOf(s, s.record);
  const written = await commit(s, draftRecord(s, { ...s.record, by, superseded }), world);
  for (const stray of strays) world.report({ event: 'strays.entered', ...about(s, stray), version: written.version });
  return written;
}

/**
 * Revokes entries whose grace is over, and returns how many. Writes nothing: only a later list settles them. Right
 * before each, the record is read once more: somebody may have put the old key back since. One that cannot be revoked
 * is put off and keeps nothing else from happening. Throws `PortError` where the record cannot be read.
 */
export async function revoke(s: Situation, entries: readonly Superseded[], world: World): Promise<number> {
  let revoked = 0;
  for (const entry of entries) {
    if (!(await isStillRevocable(s, entry, world))) break;
    if (await revokeEntry(s, entry, world)) revoked += 1;
  }
  return revoked;
}

async function isStillRevocable(s: Situation, entry: Superseded, world: World): Promise<boolean> {
  const reading = await read(s.application, world, true);
  const isSame = reading.stored.version === s.observation.stored.version && reading.bearer.place === s.bearer.place;
  if (!isSame) return false;
  const again = situate({ ...s.observation, ...reading }, { ...s, now: world.clock.now() });
  return revocable(again).some((one) => one.id === entry.id && one.instance === entry.instance);
}

async function revokeEntry(s: Situation, entry: Superseded, world: World): Promise<boolean> {
  const { lists, clock, report } = world;
  const began = clock.now();
  try {
    await lists.issuerOf(entry.instance)?.revoke(entry.id);
    lists.noteRevoked(entry.instance, entry.id);
    const durationMs = clock.now() - began;
    report({ event: 'credential.revoked', step: 'revoke', ...about(s, entry), why: entry.why, durationMs });
    return true;
  } catch (error) {
    const problem = problemOf(error);
    lists.noteNotRevoked(entry.instance, entry.id, problem);
    report({ event: 'revocation.failed', ...about(s, entry), why: entry.why, ...problem });
    return false;
  }
}

function about(s: Situation, entry: Superseded): Omit<RotationEvent, 'event'> {
  const generation = s.observation.lists.get(entry.instance)?.byId(entry.id)?.marker?.generation;
  return {
    application: s.application.name,
    issuer: s.application.issuer,
    instance: entry.instance,
    ...(generation !== undefined && { generation }),
    credentialId: entry.id,
    accessKeyId: entry.access_key_id,
    revokeAt: entry.revoke_at === null ? null : Date.parse(entry.revoke_at),
  };
}
