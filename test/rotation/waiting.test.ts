import { expect, test } from 'vitest';
import { type Decision, decide } from '../../src/rotation/decide.ts';
import { iso } from '../../src/rotation/record.ts';
import {
  applicationOf,
  DAY,
  dataOf,
  HOUR,
  INSTANCE,
  marked,
  NOW,
  recordOf,
  type Scene,
  scene,
  unmarked,
} from './scene.ts';

/** What an application waits for: the moment a person reads in `status`, and the one the scheduler wakes up at. */
const decided = (of: Scene): Decision => decide(scene(of)).decision;

const entry = { id: 'id-6', access_key_id: 'AK6', instance: INSTANCE, revoke_at: iso(NOW + HOUR), why: 'rotated' };
const listed = [marked(7, 7), marked(6, 6)];
const otherFields = { fields: { ...applicationOf().fields, REGION: '{region}' } };

test('of all that is ahead, the first counts, whatever kind it is', () => {
  const later = { ...entry, id: 'id-5', access_key_id: 'AK5', revoke_at: iso(NOW + 2 * HOUR) };
  const record = recordOf({ superseded: [entry, later] });
  const all = [...listed, marked(5, 5)];
  expect(decided({ record, listed: all })).toMatchObject({ until: NOW + HOUR, next: 'revoke AK6' });
  const soonDue = recordOf({ superseded: [entry], rotate_at: iso(NOW + 60_000) });
  expect(decided({ record: soonDue, listed })).toMatchObject({ until: NOW + 60_000, next: 'rotate' });
});

test('a revocation that is withheld wakes nobody up before the resync', () => {
  for (const revoke_at of [iso(NOW), iso(NOW - DAY)]) {
    const record = recordOf({ superseded: [{ ...entry, revoke_at }] });
    const of: Scene = { record, data: dataOf(record, { NOTE: 'AK6' }), listed };
    expect(decided(of)).toEqual({ do: 'wait', until: NOW + 25 * DAY, next: 'rotate' });
  }
});

test('what only a person revokes has no date, though it was put off once', () => {
  const record = recordOf({ superseded: [{ ...entry, revoke_at: null, why: 'adopted' }] });
  const problem = { code: 'used-lately', reason: 'it was used', remedy: 'wait' };
  const putOff = new Map([['id-6', { until: NOW + HOUR, problem }]]);
  const listedByHand = [marked(7, 7), unmarked(6)];
  expect(decided({ record, listed: listedByHand, putOff })).toMatchObject({ until: NOW + 25 * DAY, next: 'rotate' });
});

test('a young stray is looked at at the very moment at which it can be entered', () => {
  const of: Scene = { record: recordOf(), listed: [marked(7, 7), marked(8, 8, 60_000)] };
  const waiting = decided(of);
  expect(waiting).toMatchObject({ do: 'wait', next: 'enter strays' });
  const until = waiting.do === 'wait' ? waiting.until : Number.NaN;
  expect(decided({ ...of, now: until }).do).toBe('enter-strays');
  expect(decided({ ...of, now: until - 1 }).do).toBe('wait');
});

test('a hold says that it is what is waited for', () => {
  const hold = { until: iso(NOW + HOUR), by: 'anna', why: 'migration' };
  const waiting = decided({ record: recordOf({ hold, rotate_at: iso(NOW - 1) }) });
  expect(waiting).toMatchObject({ do: 'wait', until: NOW + HOUR, next: expect.stringContaining('hold') });
});

test('a hold lasts until it is over by our clock and by Vault’s', () => {
  const hold = { until: iso(NOW + HOUR), by: 'anna', why: 'migration' };
  const record = recordOf({ hold, rotate_at: iso(NOW - 1) });
  const behind = (now: number) => decided({ record, now, stored: { serverTime: now - 40_000 } });
  expect(behind(NOW + HOUR)).toMatchObject({ do: 'wait', until: NOW + HOUR + 40_000 });
  expect(behind(NOW + HOUR + 40_000)).toMatchObject({ do: 'rotate', why: 'due' });
});

test('a hold puts off no stray', () => {
  const hold = { until: iso(NOW + DAY), by: 'anna', why: 'migration' };
  const record = recordOf({ hold });
  const waiting = decided({ record, listed: [marked(7, 7), marked(8, 8, 60_000)] });
  expect(waiting).toMatchObject({ do: 'wait', next: 'enter strays' });
});

test('what falls due at this very moment outside its window waits for the window, and says so', () => {
  const rotate = { everyMs: 30 * DAY, timezone: 'UTC', jitterMs: 0, window: '* 2-3 * * *' };
  const waiting = decided({ record: recordOf({ rotate_at: iso(NOW) }), application: { rotate }, policyLoadedAt: 0 });
  const opening = Date.parse('2026-03-11T02:00:00Z');
  expect(waiting).toMatchObject({ do: 'wait', until: opening, next: expect.stringContaining('window') });
});

test('where nothing is ahead, only the next look is promised', () => {
  const of: Scene = { record: recordOf({ rotate_at: iso(NOW - 1) }), current: { is: 'unlisted' }, listed: [] };
  expect(decided(of)).toEqual({ do: 'wait', until: Number.POSITIVE_INFINITY, next: expect.stringContaining('look') });
});

test.each(['unlisted', 'uncertain'] as const)('nothing is rewritten while the current credential is %s', (is) => {
  const current = is === 'uncertain' ? { is, detail: 'no answer' } : { is };
  expect(decided({ record: recordOf(), application: otherFields, current, listed: [] }).do).toBe('wait');
});

test('a policy that goes on naming the record it took over takes it over once', () => {
  const adopt = { owner: 'acme', application: 'billing' };
  expect(decided({ record: recordOf(), application: { adopt } }).do).toBe('wait');
});

test('another owner alone is a rename too', () => {
  const adopt = { owner: 'old', application: 'billing' };
  expect(decided({ record: recordOf({ owner: 'old' }), application: { adopt } }).do).toBe('adopt');
});

test('what expired is replaced although the policy names an old application to take over', () => {
  const adopt = { owner: 'old', application: 'invoices' };
  const decision = decided({ stored: { state: 'expired', version: 9 }, application: { adopt } });
  expect(decision).toMatchObject({ do: 'rotate', why: 'expired' });
});
