import { RECORD_FIELD } from '../policy/fields.ts';
import type { Problem } from './errors.ts';
import type { SecretData } from './ports.ts';
import { revokeTime, type Superseded } from './record.ts';
import { clocksDisagree, isHeld, isSettled, type Situation, showsOurMarker } from './situation.ts';

/** A reason to let a superseded credential live on although its time has come. */
interface Withholding {
  readonly code: string;
  readonly test: (s: Situation, entry: Superseded) => string | undefined;
  readonly remedy: string;
}

export const WITHHOLDINGS: readonly Withholding[] = [
  {
    code: 'instance-unnamed',
    test: (s, entry) =>
      isOutOfSight(s, entry)
        ? `${entry.access_key_id} lives on ${entry.instance}, which no issuer of the policy could list; its grace ends ${entry.revoke_at ?? 'when a person ends it'}`
        : undefined,
    remedy:
      'If no issuer of the policy has that instance, put one there; or revoke the key in the control panel, but not before its grace is over.',
  },
  {
    code: 'is-current',
    test: (s, entry) => {
      const current = s.record?.credential;
      const isCurrent = current?.id === entry.id || current?.access_key_id === entry.access_key_id;
      return isCurrent ? `${entry.access_key_id} is the current credential` : undefined;
    },
    remedy: 'The record contradicts itself: rotate the application by hand, which puts it right.',
  },
  {
    code: 'key-differs',
    test: (s, entry) => {
      const seen = s.observation.lists.get(entry.instance)?.byId(entry.id);
      if (!seen || seen.accessKeyId === entry.access_key_id) return undefined;
      return `the issuer calls ${entry.id} ${seen.accessKeyId}, the record ${entry.access_key_id}`;
    },
    remedy: 'The record was changed by hand. Revoke it (rekeyd revoke ISSUER ACCESS_KEY_ID) if nobody uses it.',
  },
  {
    code: 'still-referenced',
    test: (s, entry) =>
      isReferenced(s, entry.access_key_id) ? `${entry.access_key_id} stands in a field of the secret` : undefined,
    remedy: 'Somebody put the old key back. Take it out of the secret; it is revoked a grace later.',
  },
  {
    code: 'not-marked',
    test: (s, entry) =>
      showsOurMarker(s, entry) ? undefined : `${entry.access_key_id} no longer carries this application's marker`,
    remedy:
      'Its description was changed at the issuer. Revoke it (rekeyd revoke ISSUER ACCESS_KEY_ID) if nobody uses it.',
  },
];

/** Whether the grace is over by our clock and by Vault's. */
function isOver(s: Situation, entry: Superseded): boolean {
  return revokeTime(entry) <= s.earliest;
}

export function isReferenced(s: Situation, accessKeyId: string): boolean {
  return occursIn(s.data, accessKeyId);
}

/** Whether an access key id stands in any field of a secret, but for our own state. */
export function occursIn(data: SecretData, accessKeyId: string): boolean {
  return textsOf(data).some((text) => text.includes(accessKeyId));
}

/** Made once for each version that was read: a secret may be large, and its past long. */
const texts = new WeakMap<SecretData, readonly string[]>();

/** Where an access key id may stand in a secret: in the names and values of its fields, but for our own state. */
function textsOf(data: SecretData): readonly string[] {
  const known = texts.get(data);
  if (known) return known;
  const fields = Object.entries(data).filter(([name]) => name !== RECORD_FIELD);
  const made = fields.flatMap(([name, value]) => [name, JSON.stringify(value)]);
  texts.set(data, made);
  return made;
}

/** Entries that no list has settled yet. */
export function livingEntries(s: Situation): readonly Superseded[] {
  return (s.record?.superseded ?? []).filter((entry) => !isSettled(s, entry) && !s.revokedSince.has(entry.id));
}

/** The entries to revoke now. */
export function revocable(s: Situation): readonly Superseded[] {
  if (isHeld(s) || clocksDisagree(s)) return [];
  return livingEntries(s).filter(
    (entry) => isOver(s, entry) && !isPutOff(s, entry) && withholding(s, entry) === undefined,
  );
}

function isPutOff(s: Situation, entry: Superseded): boolean {
  return (s.putOff.get(entry.id)?.until ?? 0) > s.now;
}

/** Nobody can revoke it there when its time comes: better known while there is time to put the issuer back. */
export function isOutOfSight(s: Situation, entry: Superseded): boolean {
  return !s.observation.lists.has(entry.instance);
}

/** Why an entry whose grace is over lives on, or is going to. */
export function withheld(s: Situation): readonly Problem[] {
  return livingEntries(s)
    .filter((entry) => isOver(s, entry) || isOutOfSight(s, entry))
    .flatMap((entry) => withholding(s, entry) ?? whyPutOff(s, entry) ?? []);
}

function whyPutOff(s: Situation, entry: Superseded): Problem | undefined {
  const problem = s.putOff.get(entry.id)?.problem;
  return problem && { ...problem, reason: `${entry.access_key_id} lives on: ${problem.reason}` };
}

/** Superseded credentials that stand in a field of the secret right now, against all plans. */
export function usedEntries(s: Situation): readonly Superseded[] {
  return livingEntries(s).filter((entry) => isReferenced(s, entry.access_key_id));
}

function withholding(s: Situation, entry: Superseded): Problem | undefined {
  for (const { code, test, remedy } of WITHHOLDINGS) {
    const reason = test(s, entry);
    if (reason !== undefined) return { code, reason, remedy };
  }
  return undefined;
}
