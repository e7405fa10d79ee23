import { iso, type RotationRecord, revokeTime, type Superseded } from './record.ts';
import { isReferenced } from './revocation.ts';
import { isOurRecord, isSettled, type OwnCredential, type Situation, showsOurMarker } from './situation.ts';

/** Strays on their way into a record. `behind`: they may be in use, so only a person revokes them. */
export interface Entering {
  readonly strays: readonly OwnCredential[];
  readonly why: 'stray' | 'behind';
}

/** When a credential that is superseded now may be revoked. The later clock counts, so that no grace is cut short. */
function graceEnd(s: Situation): string {
  return iso(s.latest + s.application.graceMs);
}

export function strayEntries(s: Situation, { strays, why }: Entering): readonly Superseded[] {
  return strays.map(({ id, accessKeyId: access_key_id, instance }) => {
    return { id, access_key_id, instance, revoke_at: why === 'behind' ? null : graceEnd(s), why };
  });
}

/** The entries of a record's `superseded` that no list has settled, as they stand in the next version. */
export function carriedEntries(s: Situation, record: RotationRecord): readonly Superseded[] {
  const ours = isOurRecord(s, record);
  return record.superseded
    .filter((entry) => !isSettled(s, entry))
    .map((entry) => (ours || showsOurMarker(s, entry) ? entry : { ...entry, revoke_at: null, why: 'adopted' }));
}

/**
 * The record's current credential as the next publish supersedes it. What is adopted, or was issued for another
 * application or place, may serve others too: only a person revokes it.
 */
function rotatedEntry(s: Situation, record: RotationRecord): readonly Superseded[] {
  const current = record.credential;
  if (!current) return [];
  const { id, access_key_id, instance } = current;
  const ours = !current.adopted && (showsOurMarker(s, current) ?? isOurRecord(s, record));
  const fate = ours ? { revoke_at: graceEnd(s), why: 'rotated' } : { revoke_at: null, why: 'adopted' };
  return [{ id, access_key_id, instance, ...fate }].filter((entry) => !isSettled(s, entry));
}

/** `superseded` after a publish: everything that lives or may live of this application, but for the new credential. */
export function supersededByPublish(s: Situation, entering: Entering): Superseded[] {
  const known = s.record ? knownEntries(s, s.record) : [];
  const ids = new Set(known.map((entry) => entry.id));
  return [...known, ...strayEntries(s, entering).filter((entry) => !ids.has(entry.id))];
}

function knownEntries(s: Situation, record: RotationRecord): readonly Superseded[] {
  const current = record.credential;
  const carried = carriedEntries(s, record)
    .filter((entry) => entry.id !== current?.id && entry.access_key_id !== current?.access_key_id)
    .map((entry) => withGraceWhereUsed(s, entry));
  return [...carried, ...rotatedEntry(s, record)];
}

/** An old key that somebody put back into the secret is what consumers use until this publish. */
function withGraceWhereUsed(s: Situation, entry: Superseded): Superseded {
  const isUsed = isReferenced(s, entry.access_key_id) && revokeTime(entry) < Date.parse(graceEnd(s));
  return isUsed ? { ...entry, revoke_at: graceEnd(s) } : entry;
}
