import { expect, test } from 'vitest';
import { share } from '../../src/policy/share.ts';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { ServerWatch } from '../../src/scheduler/server-watch.ts';
import { DAY, engine, gate, START, serverError, settle } from './world.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);
const rotate = { rotate: true, despite: [] };
const due = () => ({ nextAt: START });

test('an application that is asked for while it waits for its turn gets one pass, not two', async () => {
  const { rotator, scheduler } = engine({ sto1: ['a', 'b', 'c'] }, { concurrency: 1 });
  const first = gate<object>();
  rotator.surveyAnswer = due;
  rotator.passAnswer = (_, time) => (time === 1 && rotator.passes.length === 1 ? first.promise : { did: 'rotated' });
  scheduler.tick();
  await settle();
  const inOrder = ['a', 'b', 'c'].sort((one, other) => share('replica-1', one) - share('replica-1', other));
  const waiting = inOrder[1] as string;
  const asked = scheduler.request(waiting, rotate);
  first.resolve({ did: 'rotated' });
  await asked;
  await scheduler.idle();
  expect(rotator.passes[1]).toBe(waiting);
  expect(rotator.requests[1]).toEqual(rotate);
  expect(rotator.passes.toSorted()).toEqual(['a', 'b', 'c']);
});

test('what waits goes before what became due a minute later: nothing waits for ever where too much falls due', async () => {
  const { rotator, scheduler, clock } = engine({ sto1: names(20) }, { concurrency: 1, resyncMs: 90 * DAY });
  rotator.surveyAnswer = due;
  // each pass takes six seconds, and half a minute later that application is due again
  rotator.passAnswer = () => {
    clock.at += 6_000;
    scheduler.tick();
    return { did: 'rotated', nextAt: rotator.passes.length < 80 ? clock.at + 30_000 : Number.POSITIVE_INFINITY };
  };
  scheduler.tick();
  await scheduler.idle();
  expect(new Set(rotator.passes.slice(0, 80)).size).toBe(20);
});

test('a lane makes one survey at a time; what becomes due meanwhile is in the next', async () => {
  const { rotator, scheduler, beat, clock } = engine({ sto1: ['a', 'b'] }, { resyncMs: 90 * DAY });
  rotator.surveyAnswer = (name) => ({ nextAt: START + (name === 'a' ? 1_000 : 2_000) });
  await beat();
  rotator.surveyed.clear();
  const hanging = gate<object>();
  rotator.surveyAnswer = () => hanging.promise;
  for (let second = 0; second < 3; second += 1) {
    clock.at += 1_000;
    scheduler.tick();
    await settle();
  }
  expect(rotator.surveys.slice(1)).toEqual([['a']]);
  hanging.resolve({});
  await scheduler.idle();
  expect(rotator.surveys.slice(1)).toEqual([['a'], ['b']]);
});

test('a survey of what is due takes at most a thousand applications', async () => {
  const { rotator, beat } = engine({ sto1: names(2_500) }, { resyncMs: 90 * DAY });
  rotator.surveyAnswer = () => ({ nextAt: START + DAY });
  await beat();
  rotator.surveyed.clear();
  rotator.surveys.length = 0;
  rotator.surveyAnswer = () => ({ nextAt: START + 2 * DAY });
  await beat(DAY);
  expect(rotator.surveys.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
});

test('no more is surveyed ahead than the passes will soon get to', async () => {
  const { rotator, scheduler, beat, clock } = engine({ sto1: names(2_500) }, { resyncMs: 90 * DAY, concurrency: 2 });
  rotator.surveyAnswer = () => ({ nextAt: START + DAY });
  await beat();
  rotator.surveyed.clear();
  rotator.surveys.length = 0;
  const hanging = gate<object>();
  rotator.passAnswer = () => hanging.promise;
  clock.at += DAY;
  scheduler.tick();
  await settle();
  expect(rotator.passes).toHaveLength(2);
  expect(rotator.surveys.map((batch) => batch.length)).toEqual([1_000]);
  hanging.resolve({ did: 'rotated' });
  await scheduler.idle();
  expect(new Set(rotator.passes).size).toBe(2_500);
});

test('what a look found is dropped for an application that was asked for meanwhile: its pass knows better', async () => {
  const { rotator, scheduler, outcomes } = engine({ sto1: ['a', 'b'] });
  const hanging = gate<object>();
  rotator.surveyAnswer = () => hanging.promise;
  rotator.passAnswer = () => ({ did: 'rotated' });
  scheduler.tick();
  const asked = scheduler.request('a', rotate);
  hanging.resolve({});
  await asked;
  await scheduler.idle();
  expect(outcomes.map((each) => [each.application, each.did]).toSorted()).toEqual([
    ['a', 'rotated'],
    ['b', 'nothing'],
  ]);
});

test('a first look stops between two surveys when the circuit opens, and goes on from there', async () => {
  const circuit = new Circuit({ server: 'vault', code: 'vault-circuit-open', failures: 1, probeAfterMs: [0] });
  const vault = new ServerWatch(circuit, () => circuit.execute('probe', () => Promise.resolve()));
  const { rotator, beat } = engine({ sto1: names(2_500) }, { vault });
  rotator.surveyAnswer = () => ({});
  const broken = () => circuit.execute('read', () => Promise.reject(serverError())).catch(() => ({}));
  rotator.surveyAnswer = () => (rotator.surveys.length === 1 && rotator.paced === 1 ? broken() : {});
  await beat();
  expect(rotator.surveys).toHaveLength(1);
  await beat(1_000);
  await beat(1_000);
  expect(rotator.surveys.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
  expect(new Set(rotator.surveys.flat()).size).toBe(2_500);
});

test('a look that finds an application to be due earlier than thought has it done at once', async () => {
  const { rotator, beat } = engine({ sto1: ['a'] });
  await beat();
  rotator.surveyAnswer = due;
  rotator.passAnswer = () => ({ did: 'rotated' });
  await beat(300_000);
  expect(rotator.passes).toEqual(['a']);
});
