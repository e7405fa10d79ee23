import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Lent, lend } from '../../src/commands/expiration.ts';
import { Secret } from '../../src/policy/secret.ts';
import { digestOf, iso, type RotationRecord, writeRecord } from '../../src/rotation/record.ts';
import { applicationOf, DEFAULT_FIELDS } from '../support/policies.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PLACE = '0a1b2c3d';
const OURS = { access_key_id: 'AKNOW', secret_access_key: 'the-secret', endpoint: 'http://s3', region: 'r' };

interface Change {
  readonly record?: Partial<RotationRecord>;
  /** Fields as somebody changed them after rekeyd wrote. */
  readonly edited?: Readonly<Record<string, string>>;
  readonly graceMs?: number;
  readonly refreshMs?: number;
  readonly lent?: Partial<Lent>;
}

function recordOf(change: Partial<RotationRecord> = {}): RotationRecord {
  return {
    v: 1,
    owner: 'acme',
    application: 'billing',
    place: PLACE,
    generation: 3,
    by: 'replica-1',
    credential: { id: 'id-now', access_key_id: 'AKNOW', instance: 'os-1', issued_at: iso(NOW - DAY) },
    published_at: iso(NOW - DAY),
    rotate_at: iso(NOW + 29 * DAY),
    schedule: '',
    fields: DEFAULT_FIELDS,
    endpoint: 'http://s3',
    region: 'r',
    digest: digestOf(OURS, Object.keys(DEFAULT_FIELDS)),
    superseded: [],
    ...change,
  };
}

function lentOf({ record, edited = {}, graceMs = DAY, refreshMs = HOUR, lent = {} }: Change): Lent {
  const data = new Secret({ ...OURS, ...edited, rekeyd: writeRecord(recordOf(record)) });
  return {
    application: applicationOf({ graceMs, consumers: { refreshMs } }),
    owner: 'acme',
    place: PLACE,
    stored: { state: 'present', version: 7, serverTime: NOW, createdAt: NOW - DAY, data },
    now: NOW,
    ...lent,
  };
}

/** For how many ms what stands there may be kept; the reason where there is nothing. */
function keptFor(change: Change = {}): number | string {
  const lending = lend(lentOf(change));
  return 'why' in lending ? lending.why : lending.expiresAt - NOW;
}

test('whenever the next publish comes, nobody keeps the key until its grace after that is over', () => {
  const any = fc.record({
    graceMs: fc.integer({ min: 1_000, max: 90 * DAY }),
    refreshMs: fc.integer({ min: 1_000, max: 90 * DAY }),
    // overdue for long, due now, or ahead
    rotateAt: fc.integer({ min: NOW - 400 * DAY, max: NOW + 400 * DAY }),
    // from this very moment on: early, asked for, or long after its time because of a hold
    publishedAfterMs: fc.integer({ min: 0, max: 400 * DAY }),
  });
  fc.assert(
    fc.property(any, ({ graceMs, refreshMs, rotateAt, publishedAfterMs }) => {
      const kept = keptFor({ graceMs, refreshMs, record: { rotate_at: iso(rotateAt) } });
      expect(kept).toBeGreaterThan(0);
      expect(kept).toBeLessThanOrEqual(refreshMs);
      expect(kept).toBeLessThan(publishedAfterMs + graceMs);
    }),
    { seed: 20261123, numRuns: 500 },
  );
});

test('it is kept for the consumers’ refresh, and for half of a grace that is shorter than twice that', () => {
  expect(keptFor()).toBe(HOUR);
  expect(keptFor({ graceMs: 90 * MINUTE })).toBe(45 * MINUTE);
});

test('a hold changes nothing: an operator may rotate all the same', () => {
  expect(keptFor({ record: { hold: { until: iso(NOW + 300 * DAY), by: 'a', why: 'b' } } })).toBe(HOUR);
});

test.each<[string, Change]>([
  ['edited', { edited: { region: 'elsewhere' } }],
  ['holding a key that nobody knows', { edited: { access_key_id: 'AKHAND', secret_access_key: 'by-hand' } }],
  ['copied to another place', { record: { place: '99999999' } }],
  ['another application’s', { record: { application: 'reports' } }],
  ['another owner’s', { record: { owner: 'other' } }],
  ['of an unknown place', { lent: { place: undefined } }],
])('a secret that is %s is given for a minute at most', (_, change) => {
  expect(keptFor(change)).toBe(MINUTE);
  expect(keptFor({ ...change, refreshMs: 10_000 })).toBe(10_000);
});

test.each([
  ['is missing', OURS],
  ['is unreadable', { ...OURS, rekeyd: '{"v":2}' }],
])('a secret whose record %s is given under the policy’s fields for a minute', (_, data) => {
  const { stored } = lentOf({});
  const lending = lend(lentOf({ lent: { stored: { ...stored, data: new Secret(data) } } }));
  expect(lending).toMatchObject({ pair: { accessKeyId: 'AKNOW' }, expiresAt: NOW + MINUTE });
});

test('the fields are those of the record: the policy’s may be newer than what was written', () => {
  const application = applicationOf({ fields: { ID: '{access_key_id}', KEY: '{secret_access_key}' } });
  expect(lend(lentOf({ lent: { application } }))).toMatchObject({ pair: { accessKeyId: 'AKNOW' } });
});

/** The key that stands there was superseded and lives until then. */
function superseded(revokeAt: number | null, more: Partial<RotationRecord> = {}): Change {
  const entry = { id: 'id-old', access_key_id: 'AKOLD', instance: 'os-1', why: 'rotated' };
  const revoke_at = revokeAt === null ? null : iso(revokeAt);
  return {
    record: { superseded: [{ ...entry, revoke_at }], ...more },
    edited: { access_key_id: 'AKOLD', secret_access_key: 'old' },
  };
}

test('a superseded key that was put back is never kept past its revocation', () => {
  expect(keptFor(superseded(NOW + 20_000))).toBe(20_000);
  expect(keptFor(superseded(NOW + HOUR))).toBe(MINUTE);
  expect(keptFor(superseded(null))).toBe(MINUTE);
});

test('one whose time is over lives only while it stands there, and is given for a minute', () => {
  expect(keptFor(superseded(NOW - 1))).toBe(MINUTE);
});

test('the last key of a retired application ends with its revocation, by the later clock', () => {
  const retired = (revokeAt: number) => superseded(revokeAt, { credential: null });
  expect(keptFor(retired(NOW + DAY))).toBe(HOUR);
  expect(keptFor(retired(NOW + 20 * MINUTE))).toBe(20 * MINUTE);
  const { stored } = lentOf(retired(NOW + 20 * MINUTE));
  const ahead = { ...stored, serverTime: NOW + 5 * MINUTE };
  expect(keptFor({ ...retired(NOW + 20 * MINUTE), lent: { stored: ahead } })).toBe(15 * MINUTE);
  expect(keptFor(retired(NOW))).toBe('it is retired');
});

test('a retired application whose fields are gone has nothing to give, and the reason says so', () => {
  const record = recordOf({ credential: null, fields: {} });
  const { stored } = lentOf({});
  const data = new Secret({ rekeyd: writeRecord(record) });
  expect(lend(lentOf({ lent: { stored: { ...stored, data } } }))).toEqual({ why: 'it is retired' });
});

test('the last key of a retired application that only a person revokes is kept no longer than any', () => {
  expect(keptFor(superseded(null, { credential: null }))).toBe(HOUR);
});
