import { expect, test } from 'vitest';
import { Lists } from '../../src/rotation/lists.ts';
import type { Issuer, ListedCredential } from '../../src/rotation/ports.ts';
import { StillClock } from './memory.ts';
import { INSTANCE, marked } from './scene.ts';

/** What a process must not forget when its policy is replaced. */
const PROBLEM = { code: 'some-code', reason: 'because', remedy: 'Mend it.' };

function twoPolicies(listed: readonly ListedCredential[] = []) {
  const issuer: Issuer = {
    name: 'sto1',
    instance: INSTANCE,
    list: async () => listed,
    issue: () => Promise.reject(new Error('not here')),
    revoke: () => Promise.reject(new Error('not here')),
  };
  const clock = new StillClock(0);
  const issuers = new Map([[INSTANCE, issuer]]);
  const before = new Lists(issuers, clock, 300_000);
  return { clock, before, after: () => new Lists(issuers, clock, 300_000, before) };
}

test('revocations that were put off, and keys that were used lately, stay so', () => {
  const { before, after } = twoPolicies();
  before.noteNotRevoked(INSTANCE, 'id-1', PROBLEM);
  before.noteUsed(INSTANCE, 'id-2', { until: 7, problem: PROBLEM });
  const lists = after();
  expect(lists.putOff(INSTANCE, 'id-1')?.problem.code).toBe('revocation-failed');
  expect(lists.putOff(INSTANCE, 'id-2')?.until).toBe(7);
});

test('an instance that is distrusted stays so', () => {
  const { before, after } = twoPolicies();
  before.distrust(INSTANCE, PROBLEM);
  expect(after().distrusted(INSTANCE)).toBe(PROBLEM);
});

test('candidates that no list has shown count on, those that the earlier policy leaves afterwards too', async () => {
  const { before, after } = twoPolicies([marked(3, 1)]);
  before.noteLeft('billing', 'id-1');
  const lists = after();
  before.noteLeft('billing', 'id-2');
  const list = await lists.after(INSTANCE, lists.mark());
  expect(lists.leftAndHidden(list, 'billing')).toBe(2);
});

test('an issue that the earlier policy began counts until a list was asked for after its end', async () => {
  const { before, after } = twoPolicies();
  const ended = before.issuing(INSTANCE);
  const lists = after();
  expect(lists.issuedSince(await lists.after(INSTANCE, lists.mark()))).toBe(1);
  ended();
  expect(lists.issuedSince(await lists.after(INSTANCE, lists.mark()))).toBe(0);
});

test('a list of the earlier policy serves no look of the newer one', async () => {
  const { before, after } = twoPolicies();
  const mark = before.mark();
  const old = await before.after(INSTANCE, mark);
  const lists = after();
  expect(lists.valid(INSTANCE, mark)).toBeUndefined();
  expect((await lists.after(INSTANCE, mark)).mark).toBeGreaterThan(old.mark);
});
