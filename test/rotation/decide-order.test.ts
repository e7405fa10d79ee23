import { expect, test } from 'vitest';
import { decide } from '../../src/rotation/decide.ts';
import { iso } from '../../src/rotation/record.ts';
import { applicationOf, askRotate, DAY, despite, INSTANCE, marked, NOW, recordOf, type Scene, scene } from './scene.ts';

/** What comes first where several things are to be done at once, and what keeps each of them from being done. */

const decided = (of: Scene) => decide(scene(of)).decision;
const doing = (of: Scene): string => decided(of).do;

const due = recordOf({ rotate_at: iso(NOW - 1000) });
const otherFields = { fields: { ...applicationOf().fields, REGION: '{region}' } };
const otherSchedule = { rotate: { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 } };

/** Its grace has been over for a day by any clock that is some minutes wrong. */
const longOver = { id: 'id-6', access_key_id: 'AK6', instance: INSTANCE, revoke_at: iso(NOW - DAY), why: 'rotated' };
const withLongOver: Scene = { record: recordOf({ superseded: [longOver] }), listed: [marked(7, 7), marked(6, 6)] };

const APART = [
  ['ahead of ours', { serverTime: NOW + 61_000 }],
  ['behind ours', { serverTime: NOW - 61_000 }],
] as const;

test('what is due is rotated, and not first written anew under a changed mapping', () => {
  expect(doing({ record: due, application: otherFields })).toBe('rotate');
});

test('what an operator asks to rotate is rotated, and not first written anew under a changed mapping', () => {
  expect(doing({ record: recordOf(), application: otherFields, request: askRotate })).toBe('rotate');
});

test('what is due is rotated before a changed schedule is entered', () => {
  expect(doing({ record: due, application: otherSchedule })).toBe('rotate');
});

test('a changed mapping takes a changed schedule along: both are one write', () => {
  expect(doing({ record: recordOf(), application: { ...otherFields, ...otherSchedule } })).toBe('republish');
});

test('a retired application stays retired under a new name too', () => {
  const old = { owner: 'old', application: 'invoices' };
  const record = recordOf({ ...old, credential: null });
  expect(decided({ record, application: { adopt: old } })).toMatchObject({
    do: 'refuse',
    refusal: { code: 'retired' },
  });
});

test('a retired record under an old name still has what is over revoked', () => {
  const old = { owner: 'old', application: 'invoices' };
  const record = recordOf({ ...old, credential: null, superseded: [longOver] });
  expect(doing({ record, listed: [marked(6, 6)], application: { adopt: old } })).toBe('revoke');
});

test('what is long over is revoked while the clocks agree', () => {
  expect(doing(withLongOver)).toBe('revoke');
  expect(doing({ ...withLongOver, stored: { serverTime: NOW - 60_000 } })).toBe('revoke');
});

test.each(APART)("nothing is revoked, however long it is over, while Vault's clock is %s", (_, stored) => {
  expect(doing({ ...withLongOver, stored })).toBe('wait');
});

test.each(APART)("nothing due is rotated while Vault's clock is %s", (_, stored) => {
  expect(doing({ record: due, stored })).toBe('wait');
});

test.each(APART)("neither mapping nor schedule is rewritten while Vault's clock is %s", (_, stored) => {
  expect(doing({ record: recordOf(), application: otherFields, stored })).toBe('wait');
  expect(doing({ record: recordOf(), application: otherSchedule, stored })).toBe('wait');
});

test.each([
  ['a list lacks it', { is: 'unlisted' }],
  ['nobody knows whether it lives', { is: 'uncertain', detail: 'no answer' }],
] as const)('neither mapping nor schedule of a credential is rewritten while %s', (_, current) => {
  expect(doing({ record: recordOf(), listed: [], application: otherFields, current })).toBe('wait');
  expect(doing({ record: recordOf(), listed: [], application: otherSchedule, current })).toBe('wait');
});

test('a lifted refusal leads to a new credential before strays are fenced: its publish is the fence', () => {
  const record = recordOf({ place: 'ffffffff' });
  const of: Scene = { record, listed: [marked(7, 7), marked(8, 8)], request: despite('copied') };
  expect(decided(of)).toMatchObject({ do: 'rotate', why: 'requested', entering: { strays: [{ id: 'id-8' }] } });
});
