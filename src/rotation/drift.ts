import { scheduleText } from '../policy/schedule.ts';
import { fieldsToWrite, sameFields } from './mapping.ts';
import type { RotationRecord } from './record.ts';
import type { Situation } from './situation.ts';

/** How the record has drifted from the policy: what was written is not what should be written now. */
export function mappingDiffers(s: Situation, record: RotationRecord): boolean {
  const wanted = fieldsToWrite(s.application.fields, record.fields);
  const sameTarget = record.endpoint === s.target.endpoint && record.region === s.target.region;
  return !sameTarget || !sameFields(wanted, record.fields);
}

export function scheduleDiffers(s: Situation, record: RotationRecord): boolean {
  return record.schedule !== scheduleText(s.application.rotate);
}

/** Differences up to this are the second that a `Date` header is cut to, and the way there. */
const DATE_HEADER_MS = 2_000;

/**
 * Whether this process may bring the version up to its own policy. What another one wrote since this policy was loaded
 * it wrote by another policy, and rewriting that would be ping-pong. Ages are by Vault's clock, so the load is put on
 * that clock too.
 */
export function mayBeRewritten(s: Situation): boolean {
  const { stored, readAt } = s.observation;
  if (stored.state !== 'present') return false;
  const ahead = stored.serverTime - readAt;
  const loadedAt = s.policyLoadedAt + (Math.abs(ahead) > DATE_HEADER_MS ? ahead : 0);
  return stored.createdAt < loadedAt || s.record?.by === s.replica;
}

/** Whoever's mapping stands in the record stays named, unless this process may bring it up to its own policy. */
export function authorOf(s: Situation, record: RotationRecord): string {
  return mayBeRewritten(s) ? s.replica : record.by;
}
