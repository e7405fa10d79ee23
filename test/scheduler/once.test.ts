import { expect, test } from 'vitest';
import { type OnceOptions, runOnce } from '../../src/scheduler/once.ts';
import { FakeRotator, type Fleet, gate, policyOf, START, settle, TestClock, trouble } from './world.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);
const rotate = { rotate: true, despite: [] };

/** Runs a fleet once over a fake rotator. */
function once(fleet: Fleet, over: Partial<OnceOptions> & { concurrency?: number } = {}, rotator = new FakeRotator()) {
  const ended: string[] = [];
  const run = runOnce({
    policy: policyOf(fleet, over),
    rotator,
    clock: new TestClock(),
    applications: Object.values(fleet).flat(),
    onOutcome: ({ application, did }, rotated) => ended.push(`${application}: ${did}${rotated ? ', rotated' : ''}`),
    ...over,
  });
  return { run, rotator, ended };
}

test.each([
  ['what is due', {}],
  ['what is asked for', { request: rotate }],
])('one survey per issuer comes before the passes of %s, so that one list serves all', async (_, over) => {
  const rotator = new FakeRotator();
  const first: string[] = [];
  rotator.passAnswer = () => {
    first.push(...rotator.surveys.flat());
    return { did: 'rotated' };
  };
  const { run } = once({ sto1: ['a', 'b'], fbg1: ['c'] }, over, rotator);
  await run;
  expect(rotator.surveys).toEqual([['a', 'b'], ['c']]);
  expect(first.slice(0, 3).toSorted()).toEqual(['a', 'b', 'c']);
  expect(rotator.passes.toSorted()).toEqual(['a', 'b', 'c']);
});

const isFew = (waiting: number) => waiting > 0 && waiting < 200;

test('surveys take a thousand applications each, each batch once few passes of the one before still wait', async () => {
  const { run, rotator } = once({ sto1: names(2_500) });
  const passed: number[] = [];
  rotator.surveyAnswer = (application) => {
    if (rotator.surveys.at(-1)?.[0] === application) passed.push(rotator.passes.length);
    return {};
  };
  await run;
  expect(rotator.surveys.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
  const [first, second = 0, third = 0] = passed;
  expect(first).toBe(0);
  expect(1_000 - second).toSatisfy(isFew);
  expect(2_000 - third).toSatisfy(isFew);
});

test('an application that is named twice is looked after once', async () => {
  const { run, rotator, ended } = once({ sto1: ['a', 'b'] }, { applications: ['a', 'b', 'a'], request: rotate });
  rotator.passAnswer = () => ({ did: 'rotated' });
  await run;
  expect(rotator.surveys).toEqual([['a', 'b']]);
  expect(rotator.passes).toEqual(['a', 'b']);
  expect(ended).toEqual(['a: rotated, rotated', 'b: rotated, rotated']);
});

test('passes go on until nothing is left to do, and the last one’s end is told', async () => {
  const { run, rotator, ended } = once({ sto1: ['a'] });
  rotator.passAnswer = (_, time) => (time < 3 ? { did: time === 1 ? 'entered-strays' : 'rotated', nextAt: START } : {});
  await run;
  expect(rotator.passes).toEqual(['a', 'a', 'a']);
  expect(ended).toEqual(['a: nothing, rotated']);
});

test('what was asked for is asked for until it is done, and not again', async () => {
  const { run, rotator } = once({ sto1: ['a'] }, { request: rotate });
  rotator.passAnswer = (_, time) => ({ did: time === 1 ? 'entered-strays' : 'rotated', nextAt: START });
  await run;
  expect(rotator.requests).toEqual([rotate, rotate]);
});

test('an application in trouble is left at that and stops no other', async () => {
  const { run, rotator, ended } = once({ sto1: ['a', 'b'] }, { concurrency: 1 });
  rotator.passAnswer = (name) => (name === 'a' ? { trouble: trouble('blocked'), nextAt: START } : { did: 'rotated' });
  await run;
  expect(ended).toEqual(['a: nothing', 'b: rotated, rotated']);
  expect(rotator.passes).toEqual(['a', 'b']);
});

test('each issuer goes at its own concurrency, and one that hangs delays no other', async () => {
  const { run, rotator, ended } = once({ dead: ['x', 'y', 'z'], well: ['a', 'b'] }, { concurrency: 2 });
  const hanging = gate<object>();
  rotator.passAnswer = (name) => (['x', 'y', 'z'].includes(name) ? hanging.promise : { did: 'rotated' });
  await settle();
  expect(ended).toEqual(['a: rotated, rotated', 'b: rotated, rotated']);
  expect(rotator.passes.filter((name) => ['x', 'y', 'z'].includes(name))).toEqual(['x', 'y']);
  hanging.resolve({ did: 'rotated' });
  await run;
  expect(ended).toHaveLength(5);
});

test('once it is stopped nothing more is begun, what was begun ends, and what is left is counted', async () => {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const rotator = new FakeRotator();
  rotator.passAnswer = (name) => {
    if (name === 'b') stop();
    return { did: 'rotated' };
  };
  const { run, ended } = once({ sto1: ['a', 'b', 'c', 'd'] }, { stopped, concurrency: 1, request: rotate }, rotator);
  expect(await run).toBe(2);
  expect(ended).toEqual(['a: rotated, rotated', 'b: rotated, rotated']);
  expect(rotator.isStopping).toBe(true);
});
