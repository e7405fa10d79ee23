import { expect, test } from 'vitest';
import { Lists } from '../../src/rotation/lists.ts';
import type { Issuer, ListedCredential } from '../../src/rotation/ports.ts';
import { StillClock } from './memory.ts';
import { BEARER, INSTANCE, marked, unmarked } from './scene.ts';

const VALID_MS = 300_000;

/** Two instances of one issuer, whose lists are answered when the test says so. */
function slowIssuer() {
  const waiting: ((credentials: readonly ListedCredential[]) => void)[] = [];
  const issuer: Issuer = {
    name: 'sto1',
    instance: INSTANCE,
    list: () => new Promise((resolve) => waiting.push(resolve)),
    issue: () => Promise.reject(new Error('not here')),
    revoke: () => Promise.reject(new Error('not here')),
  };
  const clock = new StillClock(0);
  const other = { ...issuer, instance: 'os-other' };
  const lists = new Lists(new Map([issuer, other].map((one) => [one.instance, one])), clock, VALID_MS);
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

test('shows everything that the instance has, and what looks like a marker and is none', async () => {
  const { lists, answer } = slowIssuer();
  const asked = lists.after(INSTANCE, lists.mark());
  const cut = marked(2, 1).description.slice(0, 20);
  answer(marked(1, 1), unmarked(2, cut), unmarked(3, 'not rekeyd:'));
  const list = await asked;
  expect([...list.all()].map(({ id }) => id)).toEqual(['id-1', 'id-2', 'id-3']);
  expect(list.garbled.map(({ id }) => id)).toEqual(['id-2']);
});

test('a list serves nobody who read at its own mark or later, and nobody whose clock was put back', async () => {
  const { lists, clock, waiting, answer } = slowIssuer();
  const asked = lists.after(INSTANCE, lists.mark());
  void lists.after(INSTANCE, 2);
  expect(waiting).toHaveLength(2);
  answer();
  const list = await asked;
  expect(list.mark).toBe(2);
  expect(lists.valid(INSTANCE, 2)).toBeUndefined();
  expect(lists.valid(INSTANCE, 1)).toBe(list);
  clock.advance(-1);
  expect(lists.valid(INSTANCE, 1)).toBeUndefined();
});

test('who comes while a newer list is under way shares it, though an older one has just ended', async () => {
  const { lists, waiting } = slowIssuer();
  const early = lists.after(INSTANCE, lists.mark());
  const mark = lists.mark();
  const late = lists.after(INSTANCE, mark);
  waiting[0]?.([]);
  await early;
  const shared = lists.after(INSTANCE, mark);
  expect(waiting).toHaveLength(2);
  waiting[1]?.([]);
  expect(await shared).toBe(await late);
});

test('an instance that no issuer names cannot be listed, and is called by its name', async () => {
  await expect(slowIssuer().lists.after('os-nobodys', 0)).rejects.toThrow('os-nobodys');
});

const problem = { code: 'forbidden', reason: 'may not', remedy: 'let it' };

test('a pause goes on growing where the key was seen in use meanwhile', () => {
  const { lists, clock } = slowIssuer();
  for (let failures = 0; failures < 2; failures += 1) lists.noteNotRevoked(INSTANCE, 'id-1', problem);
  lists.noteUsed(INSTANCE, 'id-1', { until: 5, problem });
  expect(lists.putOff(INSTANCE, 'id-1')).toEqual({ until: 5, problem });
  lists.noteNotRevoked(INSTANCE, 'id-1', problem);
  const putOff = { until: clock.now() + 120_000, problem: { ...problem, code: 'revocation-failed' } };
  expect(lists.putOff(INSTANCE, 'id-1')).toEqual(putOff);
});

test('what a later list lacks needs no memory, and what it shows keeps its own', async () => {
  const { lists, answer } = slowIssuer();
  for (const id of ['id-1', 'id-2']) lists.noteNotRevoked(INSTANCE, id, problem);
  lists.noteNotRevoked('os-old', 'id-1', problem);
  const asked = lists.after(INSTANCE, lists.mark());
  answer(marked(2, 1));
  await asked;
  expect(lists.putOff(INSTANCE, 'id-1')).toBeUndefined();
  expect(lists.putOff(INSTANCE, 'id-2')).toBeDefined();
  expect(lists.putOff('os-old', 'id-1')).toBeDefined();
});

test('a revocation that was asked for while a list was under way stays remembered beside that list', async () => {
  const { lists, answer } = slowIssuer();
  const asked = lists.after(INSTANCE, lists.mark());
  lists.noteRevoked(INSTANCE, 'id-1');
  answer();
  expect(lists.wasRevokedSince(await asked, 'id-1')).toBe(true);
});

test('a candidate that no list shows is remembered for a day, or until one shows it with its marker', async () => {
  const { lists, clock, answer } = slowIssuer();
  for (const id of ['id-1', 'id-2']) lists.noteLeft('billing', id);
  const asked = lists.after(INSTANCE, lists.mark());
  answer(unmarked(1), marked(2, 1));
  const list = await asked;
  expect(lists.leftAndHidden(list, 'billing')).toBe(1);
  expect(lists.leftAndHidden(list, 'other')).toBe(0);
  clock.advance(86_400_000);
  expect(lists.leftAndHidden(list, 'billing')).toBe(1);
  clock.advance(1);
  expect(lists.leftAndHidden(list, 'billing')).toBe(0);
});

test('a candidate whose revocation got no answer is remembered for an hour', async () => {
  const { lists, clock, answer } = slowIssuer();
  lists.noteLeft('billing', 'id-1', true);
  const asked = lists.after(INSTANCE, lists.mark());
  answer();
  const list = await asked;
  clock.advance(3_600_000);
  expect(lists.leftAndHidden(list, 'billing')).toBe(1);
  clock.advance(1);
  expect(lists.leftAndHidden(list, 'billing')).toBe(0);
});

test('it is known which instances show credentials of an application, by their newest lists', async () => {
  const { lists, answer } = slowIssuer();
  expect(lists.showing(BEARER)).toEqual([]);
  const asked = lists.after(INSTANCE, lists.mark());
  answer(marked(2, 1));
  await asked;
  expect(lists.showing(BEARER)).toEqual([INSTANCE]);
  expect(lists.showing({ ...BEARER, application: 'other' })).toEqual([]);
});

test('a list serves nobody before the whole of it is indexed, and then all who wait', async () => {
  const { lists, answer } = slowIssuer();
  const mark = lists.mark();
  const asked = [lists.after(INSTANCE, mark), lists.after(INSTANCE, mark)];
  answer(...Array.from({ length: 50_000 }, (_, count) => marked(count + 1, 1)));
  let turns = 0;
  for (; !lists.valid(INSTANCE, mark); turns += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(turns).toBeGreaterThan(1);
  const [first, second] = await Promise.all(asked);
  expect(first?.size).toBe(50_000);
  expect(first?.of(BEARER)).toHaveLength(50_000);
  expect(second).toBe(first);
  expect(lists.valid(INSTANCE, mark)).toBe(first);
});

test('a list that is valid no longer is forgotten with the next one, of whatever instance, and not before', async () => {
  const { lists, clock, answer } = slowIssuer();
  const listed = (instance: string) => {
    const asked = lists.after(instance, lists.mark());
    answer();
    return asked;
  };
  const list = await listed(INSTANCE);
  clock.advance(VALID_MS);
  await listed('os-other');
  expect(lists.latest(INSTANCE)).toBe(list);
  clock.advance(1);
  const other = await listed('os-other');
  expect(lists.latest(INSTANCE)).toBeUndefined();
  expect(lists.latest('os-other')).toBe(other);
});

test('a list that was overtaken by one that is forgotten by now is not kept either', async () => {
  const { lists, clock, waiting } = slowIssuer();
  const mark = lists.mark();
  const early = lists.after(INSTANCE, mark);
  const late = lists.after(INSTANCE, lists.mark());
  waiting[1]?.([]);
  await late;
  clock.advance(VALID_MS + 1);
  const other = lists.after('os-other', lists.mark());
  waiting[2]?.([]);
  await other;
  waiting[0]?.([]);
  await early;
  clock.advance(-VALID_MS);
  expect(lists.valid(INSTANCE, mark)).toBeUndefined();
});
