import { expect, test } from 'vitest';
import { Lists } from '../../src/rotation/lists.ts';
import type { Issuer, ListedCredential } from '../../src/rotation/ports.ts';
import { StageClock } from '../support/stage.ts';
import { BEARER, INSTANCE, marked, unmarked } from './scene.ts';

const VALID_MS = 300_000;

/** An issuer whose list is answered when the test says so. */
function slowIssuer() {
  const waiting: ((credentials: readonly ListedCredential[]) => void)[] = [];
  const issuer: Issuer = {
    name: 'sto1',
    instance: INSTANCE,
    list: () => new Promise((resolve) => waiting.push(resolve)),
    issue: () => Promise.reject(new Error('not here')),
    revoke: () => Promise.reject(new Error('not here')),
  };
  const clock = new StageClock(0);
  const lists = new Lists(new Map([[INSTANCE, issuer]]), clock, VALID_MS);
  return { lists, clock, waiting, answer: (...credentials: ListedCredential[]) => waiting.shift()?.(credentials) };
}

test('all who read before a list was asked for share that one list', async () => {
  const { lists, waiting, answer } = slowIssuer();
  const marks = [lists.mark(), lists.mark(), lists.mark()];
  const asked = marks.map((mark) => lists.after(INSTANCE, mark));
  expect(waiting).toHaveLength(1);
  answer(marked(1, 1));
  const [first, ...others] = await Promise.all(asked);
  for (const other of others) expect(other).toBe(first);
});

test('who read after a list was asked for gets a newer one', async () => {
  const { lists, waiting, answer } = slowIssuer();
  const early = lists.after(INSTANCE, lists.mark());
  const late = lists.after(INSTANCE, lists.mark());
  expect(waiting).toHaveLength(2);
  answer(marked(1, 1));
  answer(marked(2, 1));
  expect((await early).byId('id-1')).toBeDefined();
  expect((await late).byId('id-2')).toBeDefined();
});

test('a list serves an earlier read until the resync is over', async () => {
  const { lists, clock, answer } = slowIssuer();
  const mark = lists.mark();
  const asked = lists.after(INSTANCE, mark);
  answer();
  const list = await asked;
  clock.advance(VALID_MS);
  expect(lists.valid(INSTANCE, mark)).toBe(list);
  clock.advance(1);
  expect(lists.valid(INSTANCE, mark)).toBeUndefined();
});

test('a list that was overtaken by a newer one does not replace it', async () => {
  const { lists, waiting } = slowIssuer();
  const early = lists.after(INSTANCE, lists.mark());
  const late = lists.after(INSTANCE, lists.mark());
  waiting[1]?.([marked(2, 1)]);
  await late;
  waiting[0]?.([marked(1, 1)]);
  await early;
  expect(lists.latest(INSTANCE)).toBe(await late);
});

test('a list that fails fails for those who wait for it, and the next one is asked anew', async () => {
  const { lists, waiting, answer } = slowIssuer();
  const asked = lists.after(INSTANCE, lists.mark());
  waiting.shift()?.(Promise.reject(new Error('down')) as never);
  await expect(asked).rejects.toThrow('down');
  const again = lists.after(INSTANCE, lists.mark());
  answer();
  expect((await again).size).toBe(0);
});

test('counts what was issued since the list was asked for, and what may yet be issued', async () => {
  const { lists, answer } = slowIssuer();
  const endOfFirst = lists.issuing(INSTANCE);
  endOfFirst();
  const endOfSecond = lists.issuing(INSTANCE);
  const asked = lists.after(INSTANCE, lists.mark());
  answer(marked(1, 1));
  const list = await asked;
  expect(lists.issuedSince(list)).toBe(1);
  endOfSecond();
  expect(lists.issuedSince(list)).toBe(1);
  lists.issuing(INSTANCE)();
  expect(lists.issuedSince(list)).toBe(2);
});

test('a revocation is remembered until a later list, and settles nothing', async () => {
  const { lists, answer } = slowIssuer();
  const asked = lists.after(INSTANCE, lists.mark());
  answer(marked(1, 1));
  const list = await asked;
  lists.noteRevoked(INSTANCE, 'id-1');
  expect(lists.wasRevokedSince(list, 'id-1')).toBe(true);
  expect(list.byId('id-1')).toBeDefined();
  const later = lists.after(INSTANCE, lists.mark());
  answer(marked(1, 1));
  expect(lists.wasRevokedSince(await later, 'id-1')).toBe(false);
});

test('knows whose each credential is by its marker alone', async () => {
  const { lists, answer } = slowIssuer();
  const asked = lists.after(INSTANCE, lists.mark());
  answer(marked(1, 1), marked(2, 1, 0, { ...BEARER, place: 'ffffffff' }), unmarked(3));
  const list = await asked;
  expect(list.of(BEARER).map(({ id }) => id)).toEqual(['id-1']);
  expect(list.size).toBe(3);
  expect(list.byAccessKeyId('AK3')?.marker).toBeUndefined();
});
