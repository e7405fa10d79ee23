import type { ApplicationPolicy } from '../../src/policy/policy.ts';
import { scheduleText } from '../../src/policy/schedule.ts';
import { Secret } from '../../src/policy/secret.ts';
import { CredentialList } from '../../src/rotation/credential-list.ts';
import { renderFields } from '../../src/rotation/mapping.ts';
import { type Bearer, formatMarker } from '../../src/rotation/marker.ts';
import type { CurrentStanding, Observation } from '../../src/rotation/observe.ts';
import type { ListedCredential, SecretData, StoredSecret } from '../../src/rotation/ports.ts';
import { digestOf, iso, type RotationRecord, readRecord, writeRecord } from '../../src/rotation/record.ts';
import type { OperatorRequest } from '../../src/rotation/rotator.ts';
import { type Situation, situate } from '../../src/rotation/situation.ts';
import { applicationOf as plainApplication } from '../support/policies.ts';

/** One application, `billing` of `acme`, in a state that each test describes by what differs from "all is well". */
export const NOW = Date.parse('2026-03-10T12:00:00Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const PLACE = '0a1b2c3d';
export const INSTANCE = 'os-ab123';
export const TARGET = { endpoint: 'https://objects.example.net', region: 'dc-sto1' };
export const BEARER: Bearer = { owner: 'acme', application: 'billing', place: PLACE };

export const FIELDS = {
  access_key_id: '{access_key_id}',
  secret_access_key: '{secret_access_key}',
  endpoint: '{endpoint}',
};

export function applicationOf(more: Partial<ApplicationPolicy> = {}): ApplicationPolicy {
  return plainApplication({ path: 'apps/billing/s3', fields: FIELDS, ...more });
}

export function recordOf(more: Partial<RotationRecord> = {}): RotationRecord {
  const fields = more.fields ?? FIELDS;
  const credential = { id: 'id-7', access_key_id: 'AK7', instance: INSTANCE, issued_at: iso(NOW - 5 * DAY) };
  const values = renderFields(fields, pairOf('AK7'), TARGET).reveal();
  return {
    v: 1,
    ...BEARER,
    generation: 7,
    by: 'replica-1',
    credential,
    published_at: iso(NOW - 5 * DAY),
    rotate_at: iso(NOW + 25 * DAY),
    schedule: scheduleText(applicationOf().rotate),
    fields,
    ...TARGET,
    digest: digestOf(values, Object.keys(fields)),
    superseded: [],
    ...more,
  };
}

export function pairOf(accessKeyId: string) {
  return { accessKeyId, secretAccessKey: new Secret(`secret of ${accessKeyId}`) };
}

/** What stands in Vault when nobody touched what this record wrote. */
export function dataOf(record: RotationRecord, foreign: SecretData = {}): SecretData {
  const pair = pairOf(record.credential?.access_key_id ?? 'AK7');
  return { ...foreign, ...renderFields(record.fields, pair, TARGET).reveal(), rekeyd: writeRecord(record) };
}

/** A credential with our marker; `age` in ms since its attempt. */
export function marked(n: number, generation: number, age = 10 * DAY, bearer: Bearer = BEARER): ListedCredential {
  const attemptedAt = Math.floor((NOW - age) / 1000) * 1000;
  const description = formatMarker({ ...bearer, generation, attemptedAt, nonce: '0123abcd' });
  return { id: `id-${n}`, accessKeyId: `AK${n}`, description, createdAt: undefined };
}

export function unmarked(n: number, description = 'made by hand'): ListedCredential {
  return { id: `id-${n}`, accessKeyId: `AK${n}`, description, createdAt: undefined };
}

export interface Scene {
  readonly application?: Partial<ApplicationPolicy>;
  readonly record?: RotationRecord;
  /** The fields at the path; what the record wrote, where missing. */
  readonly data?: SecretData;
  readonly stored?: Partial<StoredSecret>;
  readonly listed?: readonly ListedCredential[];
  /** Lists of other instances. */
  readonly elsewhere?: Readonly<Record<string, readonly ListedCredential[]>>;
  readonly current?: CurrentStanding;
  readonly request?: OperatorRequest;
  readonly policyLoadedAt?: number;
  readonly revokedSince?: ReadonlySet<string>;
  readonly putOff?: Situation['putOff'];
  readonly now?: number;
  readonly replica?: string;
}

export function scene(of: Scene = {}): Situation {
  return situate(observationOf(of), {
    target: TARGET,
    now: of.now ?? NOW,
    policyLoadedAt: of.policyLoadedAt ?? NOW - HOUR,
    request: of.request,
    revokedSince: of.revokedSince ?? new Set(),
    putOff: of.putOff ?? new Map(),
    replica: of.replica ?? 'replica-2',
  });
}

function observationOf(of: Scene): Observation {
  const data = of.data ?? (of.record && dataOf(of.record));
  const listed = of.listed ?? (of.record?.credential ? [marked(7, 7)] : []);
  const list = new CredentialList(INSTANCE, 2, NOW, listed);
  const others = Object.entries(of.elsewhere ?? {}).map(
    ([instance, credentials]) => [instance, new CredentialList(instance, 2, NOW, credentials)] as const,
  );
  return {
    application: applicationOf(of.application),
    bearer: BEARER,
    instance: INSTANCE,
    stored: storedOf(data, of),
    record: data ? readRecord(data) : { state: 'none' },
    mark: 1,
    readAt: of.now ?? NOW,
    list,
    lists: new Map([[INSTANCE, list], ...others]),
    current: of.current ?? { is: of.record?.credential ? 'listed' : 'none' },
  };
}

function storedOf(data: SecretData | undefined, of: Scene): StoredSecret {
  const serverTime = of.now ?? NOW;
  const stored = data
    ? { state: 'present', version: 3, serverTime, createdAt: NOW - 5 * DAY, data: new Secret(data) }
    : { state: 'absent', version: 0, serverTime };
  return { ...stored, ...of.stored } as StoredSecret;
}

export const askRotate: OperatorRequest = { rotate: true, despite: [] };

export function despite(...codes: string[]): OperatorRequest {
  return { rotate: true, despite: codes };
}
