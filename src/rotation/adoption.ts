import { Secret } from '../policy/secret.ts';
import { pairIn } from './mapping.ts';
import { isMarkedFor } from './marker.ts';
import type { RotationRecord } from './record.ts';
import type { Situation } from './situation.ts';

/** A renamed application keeps its path; a record from elsewhere belongs to somebody who may still be there. */
export function renameHint({ record, bearer }: Situation): string {
  if (!record || record.place !== bearer.place) return '';
  return `If this was a rename, set adopt: ${record.owner}/${record.application}. `;
}

/** Whether the policy names exactly this record's owner and application to be taken over. */
export function isAdoptedByName(s: Situation, record: RotationRecord): boolean {
  const { adopt } = s.application;
  return typeof adopt === 'object' && adopt.owner === record.owner && adopt.application === record.application;
}

/** Why a secret that is to be taken over cannot be; `undefined` where it can, or nothing is to be. */
export function notAdoptable(s: Situation): string | undefined {
  const { adopt, path } = s.application;
  const { stored, record } = s.observation;
  // what expired was ours, or is lost to everybody: it is replaced like a gone credential
  const waiting =
    adopt !== false && record.state === 'none' && (stored.state === 'absent' || stored.state === 'present');
  if (!waiting) return undefined;
  const pair = pairIn(new Secret(s.data), s.application.fields);
  if (!pair) return `no secret with an access key and its secret stands at ${path}`;
  const seen = s.observation.list.byAccessKeyId(pair.accessKeyId);
  // not named: where somebody mixed the fields up, it is the secret
  if (!seen) return `the access key id that stands at ${path} is none of ${s.observation.instance}`;
  if (seen.marker && !isMarkedFor(seen.marker, s.bearer)) {
    return `${pair.accessKeyId} was issued by rekeyd for ${seen.marker.owner}/${seen.marker.application}`;
  }
  return undefined;
}
