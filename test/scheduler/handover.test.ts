import { expect, test } from 'vitest';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { engine, FakeRotator, policyOf, settle, trouble } from './world.ts';

/** A scheduler that goes on from where the one for an earlier policy was. */
const NONE = new Map<string, Promise<void>>();

type World = ReturnType<typeof engine>;

function successor(before: World, fleet: Record<string, string[]>, same: string[], ending = NONE, resyncMs = 300_000) {
  const handover = { ...before.scheduler.handover(same), ending };
  void before.scheduler.stop();
  const rotator = new FakeRotator();
  const { clock } = before;
  const scheduler = new Scheduler({
    replica: 'replica-1',
    policy: policyOf(fleet, { resyncMs }),
    rotator,
    clock,
    random: () => 1,
    onOutcome: () => {},
    pace: () => Promise.resolve(),
    before: handover,
  });
  return {
    clock,
    rotator,
    scheduler,
    async beat(ms = 0) {
      clock.at += ms;
      scheduler.tick();
      await settle();
    },
  };
}

test('only what is new or changed is looked at; what is the same keeps its time', async () => {
  const before = engine({ sto1: ['a', 'b', 'c'] });
  await before.beat();
  const at = before.scheduler.nextAtOf('a');
  const after = successor(before, { sto1: ['a', 'b', 'new'] }, ['a']);
  await after.beat();
  expect(after.rotator.surveys.flat().toSorted()).toEqual(['b', 'new']);
  expect(after.scheduler.nextAtOf('a')).toBe(at);
  expect(after.scheduler.unsurveyed).toEqual([]);
});

test('what was not looked at yet is looked at at once, as at a start', async () => {
  const before = engine({ sto1: ['a', 'b'] });
  const after = successor(before, { sto1: ['a', 'b'] }, ['a', 'b']);
  expect(after.scheduler.unsurveyed).toEqual(['sto1']);
  await after.beat();
  expect(after.rotator.surveys.flat().toSorted()).toEqual(['a', 'b']);
});

test('the applications of a new issuer are all looked at at once', async () => {
  const before = engine({ sto1: ['a'] });
  await before.beat();
  const after = successor(before, { sto1: ['a'], sto2: ['z'] }, ['a']);
  await after.beat();
  expect(after.rotator.surveys.flat()).toEqual(['z']);
});

test('a pause after failures is not cut short, and the next one is longer', async () => {
  const before = engine({ sto1: ['a'] }, { backoffFromMs: 10_000 });
  before.rotator.surveyAnswer = () => ({ trouble: trouble('failed') });
  await before.beat();
  const at = before.scheduler.nextAtOf('a') ?? 0;
  expect(at).toBeGreaterThan(before.clock.at);
  const after = successor(before, { sto1: ['a'] }, ['a']);
  expect(after.scheduler.nextAtOf('a')).toBe(at);
  await after.beat();
  expect(after.rotator.surveys).toEqual([]);
});

test('what is still being carried out is touched by nobody before that has ended, and then looked at', async () => {
  const before = engine({ sto1: ['a', 'b'] });
  await before.beat();
  const { promise, resolve } = Promise.withResolvers<void>();
  const after = successor(before, { sto1: ['a', 'b'] }, ['a', 'b'], new Map([['a', promise]]), 1_000);
  const asked = after.scheduler.request('a', { rotate: true, despite: [] });
  for (let times = 0; times < 5; times += 1) await after.beat(2_000);
  expect(after.rotator.passes).toEqual([]);
  expect(after.rotator.surveys.flat()).not.toContain('a');
  expect(after.rotator.surveys.flat()).toContain('b');
  resolve();
  expect((await asked).application).toBe('a');
  expect(after.rotator.passes).toEqual(['a']);
});

test('reloads that come more often than the resync do not put it off', async () => {
  let now: Pick<World, 'scheduler' | 'clock'> & { beat(ms?: number): Promise<void> } = engine({ sto1: ['a', 'b'] });
  await now.beat();
  const looked: string[] = [];
  for (let reload = 0; reload < 10; reload += 1) {
    const next = successor(now as World, { sto1: ['a', 'b'] }, ['a', 'b'], NONE, 60_000);
    await next.beat(20_000);
    looked.push(...next.rotator.surveys.flat());
    now = next;
  }
  expect(looked.filter((name) => name === 'a').length).toBeGreaterThanOrEqual(2);
});

test('a scheduler that stood down starts nothing and hears of no circuit any more', async () => {
  const before = engine({ sto1: ['a'] });
  await before.beat();
  successor(before, { sto1: ['a'] }, ['a']);
  const passes = before.rotator.passes.length + before.rotator.surveys.length;
  await before.beat(900_000);
  expect(before.rotator.passes.length + before.rotator.surveys.length).toBe(passes);
  const refused = await before.scheduler.request('a', { rotate: true, despite: [] });
  expect(refused.trouble?.code).toBe('stopping');
});
