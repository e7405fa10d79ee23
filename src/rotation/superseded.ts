import { iso, type RotationRecord, type Superseded } from './record.ts';
import { isOurRecord, isSettled, type OwnCredential, type Situation, showsOurMarker } from './situation.ts';

/** When a credential that is superseded now may be revoked. The later clock counts, so that no grace is cut short. */
function graceEnd(s: Situation): string {
  return iso(s.latest + s.application.graceMs);
}

export function strayEntry(s: Situation, stray: OwnCredential, why: 'stray' | 'behind'): Superseded {
  const { id, accessKeyId: access_key_id, instance } = stray;
  return { id, access_key_id, instance, revoke_at: why === 'behind' ? null : graceEnd(s), why };
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
export function rotatedEntry(s: Situation, record: RotationRecord): readonly Superseded[] {
  const current = record.credential;
  if (!current) return [];
  const { id, access_key_id, instance } = current;
  const ours = !current.adopted && (showsOurMarker(s, current) ?? isOurRecord(s, record));
  const fate = ours ? { revoke_at: graceEnd(s), why: 'rotated' } : { revoke_at: null, why: 'adopted' };
  return [{ id, access_key_id, instance, ...fate }];
}

/** `superseded` after a publish: everything that lives or may live of this application, but for the new credential. */
export function supersededByPublish(s: Situation, enter: readonly Superseded[]): Superseded[] {
  const known = s.record ? [...carriedEntries(s, s.record), ...rotatedEntry(s, s.record)] : [];
  const ids = new Set(known.map((entry) => entry.id));
  return [...known, ...enter.filter((entry) => !ids.has(entry.id))];
}
