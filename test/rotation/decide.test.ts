import { expect, test } from 'vitest';
import type { Decision } from '../../src/rotation/decide.ts';
import { decide } from '../../src/rotation/decide.ts';
import { iso } from '../../src/rotation/record.ts';
import {
  applicationOf,
  askRotate,
  DAY,
  dataOf,
  despite,
  HOUR,
  INSTANCE,
  marked,
  NOW,
  recordOf,
  type Scene,
  scene,
  unmarked,
} from './scene.ts';

const decided = (of: Scene): Decision => decide(scene(of)).decision;
const doing = (of: Scene): string => decided(of).do;
const noticed = (of: Scene): string[] => decide(scene(of)).notices.map(({ code }) => code);

const due = recordOf({ rotate_at: iso(NOW - 1000) });
const overEntry = { id: 'id-6', access_key_id: 'AK6', instance: INSTANCE, revoke_at: iso(NOW - 1000), why: 'rotated' };
const withOver = recordOf({ superseded: [overEntry] });

test('a current credential that is not due is left alone until it is', () => {
  expect(decided({ record: recordOf() })).toEqual({ do: 'wait', until: NOW + 25 * DAY, next: 'rotate' });
});

test('a due credential is rotated to the next generation', () => {
  expect(decided({ record: due })).toEqual({
    do: 'rotate',
    why: 'due',
    generation: 8,
    entering: { strays: [], why: 'stray' },
  });
});

test('a path that never had a version gets generation 1', () => {
  expect(decided({})).toEqual({ do: 'rotate', why: 'first', generation: 1, entering: { strays: [], why: 'stray' } });
});

test('a path that holds only fields of others gets its first credential beside them', () => {
  expect(decided({ data: { DATABASE_URL: 'postgres://db' } })).toMatchObject({ do: 'rotate', why: 'first' });
});

test('the first publish takes all strays in and counts on from the highest', () => {
  expect(decided({ listed: [marked(1, 3), marked(2, 4)] })).toMatchObject({
    do: 'rotate',
    why: 'first',
    generation: 5,
    entering: { strays: [{ id: 'id-1' }, { id: 'id-2' }], why: 'stray' },
  });
});

test('a secret that delete_version_after expired is replaced like a gone one', () => {
  const stored = { state: 'expired', version: 4 } as const;
  expect(decided({ stored, listed: [marked(7, 7)] })).toMatchObject({ do: 'rotate', why: 'expired', generation: 8 });
});

test('a gone credential is replaced although it is not due', () => {
  expect(decided({ record: recordOf(), current: { is: 'gone' }, listed: [] })).toMatchObject({
    do: 'rotate',
    why: 'gone',
  });
});

test('a credential that the list lacks but S3 accepts is not replaced, even when due: the list is reported', () => {
  const of: Scene = { record: due, current: { is: 'unlisted' }, listed: [] };
  expect(doing(of)).toBe('wait');
  expect(noticed(of)).toContain('list-distrusted');
});

test('a credential whose fate is unknown is not replaced', () => {
  const of: Scene = { record: due, current: { is: 'uncertain', detail: 'no answer' }, listed: [] };
  expect(doing(of)).toBe('wait');
  expect(noticed(of)).toContain('current-uncertain');
});

test('an operator may ask for a rotation at any time', () => {
  expect(decided({ record: recordOf(), request: askRotate })).toMatchObject({ do: 'rotate', why: 'requested' });
});

test('a young stray is left to its attempt', () => {
  expect(doing({ record: recordOf(), listed: [marked(7, 7), marked(8, 8, 60_000)] })).toBe('wait');
});

test('a stray is entered once it is older than an attempt and the clocks allow for', () => {
  const age = 60_000 + 120_000 + 60_000;
  expect(doing({ record: recordOf(), listed: [marked(7, 7), marked(8, 8, age)] })).toBe('wait');
  const decision = decided({ record: recordOf(), listed: [marked(7, 7), marked(8, 8, age + 1001)] });
  expect(decision).toMatchObject({ do: 'enter-strays', entering: { strays: [{ id: 'id-8' }], why: 'stray' } });
});

test('a stray waits for its age by the slower clock', () => {
  const of: Scene = { record: recordOf(), listed: [marked(7, 7), marked(8, 8, 250_000)] };
  expect(doing(of)).toBe('enter-strays');
  expect(doing({ ...of, stored: { serverTime: NOW - 30_000 } })).toBe('wait');
});

test('strays are entered before anything is revoked or rotated', () => {
  const record = recordOf({ superseded: [overEntry], rotate_at: iso(NOW - 1000) });
  expect(doing({ record, listed: [marked(7, 7), marked(6, 6), marked(8, 8)] })).toBe('enter-strays');
});

test('a superseded credential is revoked once its revoke_at has passed, before a rotation that is due', () => {
  const record = recordOf({ superseded: [overEntry], rotate_at: iso(NOW - 1000) });
  expect(decided({ record, listed: [marked(7, 7), marked(6, 6)] })).toEqual({ do: 'revoke', entries: [overEntry] });
});

test('a superseded credential is left alone until its revoke_at', () => {
  const record = recordOf({ superseded: [{ ...overEntry, revoke_at: iso(NOW + HOUR) }] });
  expect(decided({ record, listed: [marked(7, 7), marked(6, 6)] })).toEqual({
    do: 'wait',
    until: NOW + HOUR,
    next: 'revoke AK6',
  });
});

test('a revoke_at that has passed by one clock only is waited for', () => {
  const of: Scene = { record: withOver, listed: [marked(7, 7), marked(6, 6)] };
  expect(doing(of)).toBe('revoke');
  expect(decided({ ...of, stored: { serverTime: NOW - 5000 } })).toMatchObject({ do: 'wait', until: NOW + 4000 });
});

test('a revocation that was asked for since the list was is not asked for again', () => {
  const of: Scene = { record: withOver, listed: [marked(7, 7), marked(6, 6)], revokedSince: new Set(['id-6']) };
  expect(doing(of)).toBe('wait');
});

test('an entry that its list lacks is settled', () => {
  expect(doing({ record: withOver, listed: [marked(7, 7)] })).toBe('wait');
});

test.each([
  [
    'the old key stands in a field of the secret',
    'still-referenced',
    { data: dataOf(withOver, { NOTE: 'use AK6 again' }), listed: [marked(7, 7), marked(6, 6)] },
  ],
  [
    'the old key stands in a nested field',
    'still-referenced',
    { data: dataOf(withOver, { deep: { a: ['AK6'] } }), listed: [marked(7, 7), marked(6, 6)] },
  ],
  ['the list shows it without a marker', 'not-marked', { listed: [marked(7, 7), unmarked(6)] }],
  [
    'the list shows it with the marker of another place',
    'not-marked',
    { listed: [marked(7, 7), marked(6, 6, DAY, { owner: 'acme', application: 'billing', place: 'ffffffff' })] },
  ],
])('nothing is revoked while %s', (_, code, of) => {
  expect(doing({ record: withOver, ...of })).toBe('wait');
  expect(noticed({ record: withOver, ...of })).toContain(code);
});

test('an entry of an instance that no issuer names is kept and shown', () => {
  const record = recordOf({ superseded: [{ ...overEntry, instance: 'os-old' }] });
  expect(doing({ record })).toBe('wait');
  expect(noticed({ record })).toContain('instance-unnamed');
});

test('an entry is revoked at its own instance', () => {
  const entry = { ...overEntry, instance: 'os-old' };
  const record = recordOf({ superseded: [entry] });
  expect(decided({ record, elsewhere: { 'os-old': [marked(6, 6)] } })).toEqual({ do: 'revoke', entries: [entry] });
});

test('an entry without a revoke_at is only ever shown', () => {
  const record = recordOf({ superseded: [{ ...overEntry, revoke_at: null, why: 'adopted' }] });
  const of: Scene = { record, listed: [marked(7, 7), marked(6, 6)] };
  expect(doing(of)).toBe('wait');
  expect(noticed(of)).toContain('adopted-still-live');
});

const hold = { until: iso(NOW + HOUR), by: 'anna', why: 'migration' };

test('a hold stops scheduled rotation and revocation until its time', () => {
  expect(decided({ record: recordOf({ hold, rotate_at: iso(NOW - 1) }) })).toMatchObject({
    do: 'wait',
    until: NOW + HOUR,
  });
  const record = recordOf({ hold, superseded: [overEntry] });
  expect(doing({ record, listed: [marked(7, 7), marked(6, 6)] })).toBe('wait');
});

test('a hold that is over stops nothing', () => {
  expect(doing({ record: recordOf({ hold: { ...hold, until: iso(NOW - 1) }, rotate_at: iso(NOW - 1) }) })).toBe(
    'rotate',
  );
});

test('a hold does not stop the replacement of a gone credential', () => {
  expect(doing({ record: recordOf({ hold }), current: { is: 'gone' }, listed: [] })).toBe('rotate');
});

const apart = { serverTime: NOW + 61_000 };

test('clocks more than a minute apart stop scheduled rotation and revocation, and say so', () => {
  expect(doing({ record: due, stored: apart })).toBe('wait');
  expect(noticed({ record: due, stored: apart })).toContain('clocks-disagree');
  // over by both clocks, or else it would wait for time alone
  const record = recordOf({ superseded: [{ ...overEntry, revoke_at: iso(NOW - DAY) }] });
  const of: Scene = { record, listed: [marked(7, 7), marked(6, 6)] };
  expect(doing({ ...of, stored: { serverTime: NOW - 60_000 } })).toBe('revoke');
  expect(doing({ ...of, stored: { serverTime: NOW - 61_000 } })).toBe('wait');
});

test('clocks a minute apart stop nothing', () => {
  expect(doing({ record: due, stored: { serverTime: NOW + 60_000 } })).toBe('rotate');
});

test('clocks that disagree do not stop the replacement of a gone credential, whose grace starts at the later clock', () => {
  const of: Scene = { record: recordOf(), current: { is: 'gone' }, listed: [], stored: apart };
  expect(doing(of)).toBe('rotate');
  expect(scene(of).latest).toBe(NOW + 61_000);
});

const window = { everyMs: 30 * DAY, timezone: 'UTC', jitterMs: 0, window: '* 2-3 * * *' };

test('a rotation that is due waits for its window', () => {
  expect(decided({ record: due, application: { rotate: window }, policyLoadedAt: 0 })).toMatchObject({
    do: 'wait',
    until: Date.parse('2026-03-11T02:00:00Z'),
  });
});

test('the window does not hold back a gone credential or an operator', () => {
  const application = { rotate: window };
  expect(doing({ record: recordOf(), current: { is: 'gone' }, listed: [], application })).toBe('rotate');
  expect(doing({ record: due, request: askRotate, application })).toBe('rotate');
});

test('a secret that Vault will delete by itself is due one grace before', () => {
  expect(doing({ record: recordOf(), stored: { expiresAt: NOW + DAY + 1 } })).toBe('wait');
  expect(doing({ record: recordOf(), stored: { expiresAt: NOW + DAY } })).toBe('rotate');
});

test('changed fields are republished with the same credential', () => {
  expect(
    doing({ record: recordOf(), application: { fields: { ...applicationOf().fields, REGION: '{region}' } } }),
  ).toBe('republish');
});

test('a field that the policy no longer maps keeps being written until it is named null', () => {
  const { endpoint: _, ...fewer } = applicationOf().fields;
  expect(doing({ record: recordOf(), application: { fields: fewer } })).toBe('wait');
  expect(doing({ record: recordOf(), application: { fields: { ...fewer, endpoint: null } } })).toBe('republish');
});

test('a changed schedule enters the record', () => {
  expect(
    doing({ record: recordOf(), application: { rotate: { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 } } }),
  ).toBe('reschedule');
});

test.each([
  ['fields', { fields: { ...applicationOf().fields, REGION: '{region}' } }],
  ['schedule', { rotate: { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 } }],
])('other %s of somebody who wrote since this policy was loaded are left and reported', (_, application) => {
  const of: Scene = { record: recordOf(), application, policyLoadedAt: NOW - 6 * DAY };
  expect(doing(of)).toBe('wait');
  expect(noticed(of)).toContain('policies-disagree');
  expect(decide(scene(of)).notices[0]?.reason).toContain('replica-1');
});

test('what this very process wrote before is brought up to its policy', () => {
  const fields = { ...applicationOf().fields, REGION: '{region}' };
  expect(
    doing({ record: recordOf(), application: { fields }, policyLoadedAt: NOW - 6 * DAY, replica: 'replica-1' }),
  ).toBe('republish');
});

test('the policy load is compared on the clock of Vault', () => {
  const fields = { ...applicationOf().fields, REGION: '{region}' };
  const written = { createdAt: NOW - HOUR + 10_000, serverTime: NOW + 30_000 };
  expect(doing({ record: recordOf(), application: { fields }, stored: written })).toBe('republish');
});

test('strays from beyond a restored record are taken in for a person to decide when the secret in Vault is dead', () => {
  expect(decided({ record: recordOf(), current: { is: 'gone' }, listed: [marked(8, 8), marked(9, 9)] })).toMatchObject({
    do: 'rotate',
    why: 'gone',
    generation: 10,
    entering: { strays: [{ id: 'id-8' }, { id: 'id-9' }], why: 'behind' },
  });
});

test('a lifted refusal leads to a new credential at once, and takes the strays in', () => {
  const decision = decided({ record: recordOf(), listed: [marked(7, 7), marked(9, 9)], request: despite('behind') });
  expect(decision).toMatchObject({
    do: 'rotate',
    why: 'requested',
    generation: 10,
    entering: { strays: [{ id: 'id-9' }], why: 'behind' },
  });
});

test('a hand-made secret is adopted where the policy says so', () => {
  const data = { access_key_id: 'AK1', secret_access_key: 'old' };
  expect(doing({ data, listed: [unmarked(1)], application: { adopt: true } })).toBe('adopt');
});

test('once adopted, adopt: true changes nothing any more', () => {
  expect(doing({ record: recordOf(), application: { adopt: true } })).toBe('wait');
});

test('a record is adopted by exactly its old owner and name', () => {
  const record = recordOf({ owner: 'old', application: 'invoices' });
  const adopt = { owner: 'old', application: 'invoices' };
  expect(doing({ record, application: { adopt } })).toBe('adopt');
  expect(doing({ record, application: { adopt: { owner: 'old', application: 'other' } } })).toBe('refuse');
});

test('a retired application still has its superseded credentials revoked', () => {
  const record = { ...withOver, credential: null };
  expect(doing({ record, listed: [marked(6, 6)] })).toBe('revoke');
  expect(doing({ record, listed: [] })).toBe('refuse');
});

test('a stray dated far ahead is entered: its date tells no age, and the fence is safe at any', () => {
  const ahead = [marked(7, 7), marked(8, 8, -3650 * DAY)];
  expect(doing({ record: recordOf(), listed: ahead })).toBe('enter-strays');
  expect(doing({ record: recordOf(), listed: ahead, current: { is: 'gone' } })).toBe('enter-strays');
});

test('a revocation that failed lately waits, keeps nothing else from happening, and is shown', () => {
  const problem = { code: 'revocation-failed', reason: 'may not delete', remedy: 'let it' };
  const putOff = new Map([['id-6', { until: NOW + 30_000, problem }]]);
  const of: Scene = { record: withOver, listed: [marked(7, 7), marked(6, 6)], putOff };
  expect(decided(of)).toEqual({ do: 'wait', until: NOW + 30_000, next: 'revoke AK6' });
  expect(noticed(of)).toContain('revocation-failed');
  expect(doing({ ...of, request: askRotate })).toBe('rotate');
  expect(doing({ ...of, now: NOW + 30_001 })).toBe('revoke');
});

test('while several strays of a new path may be under way, the next attempt counts as the first too', () => {
  expect(decided({ listed: [marked(1, 1, 10_000), marked(2, 1, 5_000)] })).toMatchObject({
    do: 'rotate',
    generation: 1,
  });
});

test('what expired is replaced although adopt stands in the policy or four credentials live', () => {
  const stored = { state: 'expired', version: 9 } as const;
  expect(doing({ stored, listed: [marked(7, 7)], application: { adopt: true } })).toBe('rotate');
  expect(doing({ stored, listed: [4, 5, 6, 7].map((n) => marked(n, n)) })).toBe('rotate');
});

test('a renamed application whose credential is gone is issued another instead of adopted', () => {
  const record = recordOf({ owner: 'old', application: 'invoices' });
  const adopt = { owner: 'old', application: 'invoices' };
  expect(doing({ record, application: { adopt }, current: { is: 'gone' }, listed: [] })).toBe('rotate');
});

test('entries of a record that contradict one another are read as the most careful one', () => {
  const record = recordOf({ superseded: [overEntry, { ...overEntry, revoke_at: null, why: 'adopted' }, overEntry] });
  expect(doing({ record, listed: [marked(7, 7), marked(6, 6)] })).toBe('wait');
});

test.each([
  ['it is the current credential by its id', 'is-current', { ...overEntry, id: 'id-7' }, [marked(7, 7)]],
  [
    'it is the current credential by its access key',
    'is-current',
    { ...overEntry, access_key_id: 'AK7' },
    [marked(7, 7), marked(6, 6)],
  ],
  [
    'the issuer has another access key under its id',
    'key-differs',
    { ...overEntry, access_key_id: 'OTHER' },
    [marked(7, 7), marked(6, 6)],
  ],
])('nothing is revoked where %s', (_, code, entry, listed) => {
  const of: Scene = { record: recordOf({ superseded: [entry] }), listed };
  expect(doing(of)).toBe('wait');
  expect(noticed(of)).toContain(code);
});

test('to lift a refusal that does not stand there is a mistake, not a rotation', () => {
  expect(decided({ record: recordOf(), request: despite('edited') })).toMatchObject({
    do: 'refuse',
    refusal: { code: 'nothing-to-lift' },
  });
});

test('a refusal that was not named is not lifted along with another', () => {
  const record = recordOf({ credential: null, place: 'ffffffff' });
  expect(decided({ record, request: despite('copied') })).toMatchObject({ do: 'refuse', refusal: { code: 'retired' } });
  expect(doing({ record, request: despite('copied', 'retired') })).toBe('rotate');
});

test('what falls due at this very moment is due', () => {
  expect(decided({ record: recordOf({ rotate_at: iso(NOW) }) })).toMatchObject({ do: 'rotate', why: 'due' });
});

test('a young stray is neither taken in by the next publish nor counted: its own may still be under way', () => {
  const young = { record: due, listed: [marked(7, 7), marked(8, 8, 60_000)] };
  expect(decided(young)).toMatchObject({ do: 'rotate', generation: 8, entering: { strays: [], why: 'stray' } });
});

test('a record of another owner is not adopted by its name alone', () => {
  const record = recordOf({ owner: 'old', application: 'invoices' });
  expect(doing({ record, application: { adopt: { owner: 'other', application: 'invoices' } } })).toBe('refuse');
});
