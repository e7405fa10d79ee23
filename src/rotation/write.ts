import { RECORD_FIELD } from '../policy/fields.ts';
import { Secret } from '../policy/secret.ts';
import { PortError } from './errors.ts';
import { renderFields, type WrittenFields } from './mapping.ts';
import type { KeyPair, SecretData } from './ports.ts';
import { digestOf, iso, type RecordReading, type RotationRecord, readRecord, writeRecord } from './record.ts';
import { isReferenced } from './revocation.ts';
import type { Situation } from './situation.ts';
import type { World } from './world.ts';

/** A version that certainly stands at the path now. */
export interface Written {
  readonly record: RotationRecord;
  readonly data: Secret<SecretData>;
  readonly version: number;
  readonly expiresAt: number | undefined;
}

/** A version to be, built wholly from one observation. */
export interface Draft {
  readonly record: RotationRecord;
  readonly data: Secret<SecretData>;
}

/** The same fields with a new record beside them. */
export function draftRecord(s: Situation, record: RotationRecord): Draft {
  const whole = stamped(s, record);
  return { record: whole, data: new Secret({ ...s.data, [RECORD_FIELD]: writeRecord(whole) }) };
}

/** A record that maps no field any more: ours leave the secret, what is not ours stays. */
export function draftRetired(s: Situation, record: RotationRecord): Draft {
  const before = new Set([...Object.keys(record.fields), RECORD_FIELD]);
  const foreign = Object.fromEntries(Object.entries(s.data).filter(([name]) => !before.has(name)));
  const whole = stamped(s, { ...record, fields: {}, digest: digestOf({}, []) });
  return { record: whole, data: new Secret({ ...foreign, [RECORD_FIELD]: writeRecord(whole) }) };
}

/** New values of our fields under a new record; what is not ours is carried over as it was. */
export function draftFields(
  s: Situation,
  fields: WrittenFields,
  pair: KeyPair,
  record: Omit<RotationRecord, 'fields' | 'endpoint' | 'region' | 'digest' | 'written'>,
): Draft {
  const ours = renderFields(fields, pair, s.target).reveal();
  const before = new Set([...Object.keys(s.record?.fields ?? {}), RECORD_FIELD]);
  const foreign = Object.entries(s.data).filter(([name]) => !before.has(name));
  const whole = stamped(s, {
    ...record,
    fields,
    endpoint: s.target.endpoint,
    region: s.target.region,
    digest: digestOf(ours, Object.keys(fields)),
  } as RotationRecord);
  return {
    record: whole,
    data: new Secret({ ...Object.fromEntries(foreign), ...ours, [RECORD_FIELD]: writeRecord(whole) }),
  };
}

/**
 * With the version that it is to be, and from when the graces that begin with it count: how long it was on its way
 * shows by that.
 */
function stamped(s: Situation, record: RotationRecord): RotationRecord {
  const before = new Map(s.record?.superseded.map(({ id, revoke_at }) => [id, revoke_at]));
  // what somebody put back into the secret is in use until this write
  const begins = record.superseded
    .filter((entry) => before.get(entry.id) !== entry.revoke_at || isReferenced(s, entry.access_key_id))
    .map(({ id }) => id);
  return { ...record, written: { version: s.observation.stored.version + 1, at: iso(s.latest), begins } };
}

/**
 * The only way anything is written: compared with the version that the whole draft was built from. Anything but the
 * very next version counts as a crash: a proxy may have resent what was applied, so nobody can tell what stands there.
 * Throws `PortError`.
 */
export async function commit(s: Situation, draft: Draft, world: World): Promise<Written> {
  const { version } = s.observation.stored;
  ensureReadable(s, draft);
  const answer = await world.store.write(s.application.path, draft.data, version);
  if (answer.version !== version + 1) throw unconfirmed(s, version + 1, answer.version);
  return { ...draft, version: answer.version, expiresAt: answer.expiresAt };
}

/**
 * What we could not read again would keep every replica from this path, and no person could lift it. Throws `PortError`
 * `record-unwritable`.
 */
export function ensureReadable(s: Situation, draft: Draft): void {
  const reading = readRecord(draft.data.reveal());
  if (reading.state !== 'record') throw unwritable(s, reading);
}

function unwritable(s: Situation, reading: Exclude<RecordReading, { state: 'record' }>): PortError {
  return new PortError({
    kind: 'rejected',
    code: 'record-unwritable',
    attempted: `write ${s.application.path}`,
    reason: `the record would not be readable again: ${reading.state === 'none' ? 'it is missing' : reading.why}`,
    remedy:
      'Nothing was written. The reason names the member: correct where it comes from (policy, issuer), or report it.',
    concerns: 'request',
  });
}

function unconfirmed(s: Situation, expected: number, got: number): PortError {
  return new PortError({
    kind: 'ambiguous',
    code: 'publish-unconfirmed',
    attempted: `write version ${expected} of ${s.application.path}`,
    reason: `Vault answered with version ${got}`,
    remedy: 'Nothing to do: the next look sees what happened.',
    concerns: 'request',
  });
}
