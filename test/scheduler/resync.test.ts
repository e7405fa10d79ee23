import { expect, test } from 'vitest';
import { share } from '../../src/policy/share.ts';
import { DAY, engine, gate, START, settle, trouble } from './world.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);
const RESYNC = 300_000;

/** A pace whose steps are given one by one. */
function steps() {
  const waiting: (() => void)[] = [];
  return {
    pace: () => new Promise<void>((resolve) => waiting.push(resolve)),
    async give(count: number) {
      for (let step = 0; step < count; step += 1) {
        waiting.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

test('every application is looked at again each resync, in this replica’s order', async () => {
  const { rotator, beat } = engine({ sto1: names(30) }, { resyncMs: RESYNC });
  const order = names(30).sort((a, b) => share('replica-1', a) - share('replica-1', b));
  await beat();
  await beat(RESYNC - 1);
  expect(rotator.surveys).toEqual([order]);
  await beat(1);
  expect(rotator.surveys).toEqual([order, order]);
});

test('what a look finds changed moves the application’s next time', async () => {
  const { rotator, beat, scheduler } = engine({ sto1: ['a'] }, { resyncMs: RESYNC });
  await beat();
  rotator.surveyAnswer = () => ({ nextAt: START + DAY });
  await beat(RESYNC);
  expect(scheduler.nextAtOf('a')).toBe(START + DAY);
});

test('each record read of a later round waits for the pace, and a round that takes too long stretches the resync', async () => {
  const { pace, give } = steps();
  const { rotator, scheduler, clock, beat } = engine({ sto1: names(50) }, { resyncMs: RESYNC, pace });
  await beat();
  expect(rotator.paced).toBe(50);
  clock.at += RESYNC;
  scheduler.tick();
  await give(20);
  expect(rotator.paced).toBe(70);
  expect(scheduler.effectiveResyncMs).toBe(RESYNC);
  clock.at += 2 * RESYNC;
  scheduler.tick();
  expect(scheduler.effectiveResyncMs).toBe(2 * RESYNC);
  await give(30);
  expect(rotator.surveys).toHaveLength(3);
  expect(scheduler.effectiveResyncMs).toBe(2 * RESYNC);
  await give(100);
  await scheduler.idle();
  clock.at += RESYNC;
  scheduler.tick();
  expect(scheduler.effectiveResyncMs).toBe(RESYNC);
  await give(100);
  await scheduler.stop();
});

test('an application that the lane looks at before long anyway is not looked at twice', async () => {
  const { rotator, beat } = engine({ sto1: ['soon', 'late'] }, { resyncMs: RESYNC });
  rotator.surveyAnswer = (name) => ({ nextAt: name === 'soon' ? START + RESYNC + 10_000 : START + DAY });
  await beat();
  await beat(RESYNC);
  expect(rotator.surveys[1]).toEqual(['late']);
});

test('an application in hand is left out of the round and keeps what its pass found', async () => {
  const { rotator, beat, scheduler, clock } = engine({ sto1: ['a', 'b'] }, { resyncMs: RESYNC });
  await beat();
  const { promise, resolve } = gate<object>();
  rotator.passAnswer = () => promise;
  const asked = scheduler.request('a', { rotate: true, despite: [] });
  clock.at += RESYNC;
  scheduler.tick();
  await settle();
  expect(rotator.surveys[1]).toEqual(['b']);
  resolve({ did: 'rotated', nextAt: START + 2 * DAY });
  await asked;
  expect(scheduler.nextAtOf('a')).toBe(START + 2 * DAY);
});

test('what is asked for in the middle of a round makes its survey hurry, and comes right after it', async () => {
  const { pace, give } = steps();
  const { rotator, scheduler, clock, beat } = engine({ sto1: names(100) }, { resyncMs: RESYNC, pace });
  await beat();
  clock.at += RESYNC;
  scheduler.tick();
  await give(1);
  const asked = scheduler.request('app-7', { rotate: true, despite: [] });
  expect(rotator.passes).toEqual([]);
  await give(1);
  await asked;
  expect(rotator.passes).toEqual(['app-7']);
});

test('a look neither cuts short nor draws out the pause of an application that fails', async () => {
  const { rotator, beat, scheduler, outcomes } = engine(
    { sto1: ['a'] },
    { resyncMs: RESYNC, backoffFromMs: 1_800_000 },
  );
  rotator.surveyAnswer = () => ({ nextAt: START });
  rotator.passAnswer = () => ({ trouble: trouble('failed') });
  await beat();
  await beat(1_000);
  const planned = scheduler.nextAtOf('a');
  await beat(RESYNC);
  expect(scheduler.nextAtOf('a')).toBe(planned);
  rotator.surveyAnswer = () => ({ trouble: trouble('failed') });
  await beat(RESYNC);
  expect(scheduler.nextAtOf('a')).toBe(planned);
  expect(rotator.passes).toHaveLength(1);
  expect(outcomes).toHaveLength(4);
});

test('what can be done besides what fails does not wait out the pause, and ends it where it helped', async () => {
  const { rotator, beat, scheduler, clock } = engine({ sto1: ['a'] }, { resyncMs: RESYNC, backoffFromMs: 1_800_000 });
  rotator.surveyAnswer = () => ({ nextAt: clock.at, deed: 'rotate' });
  rotator.passAnswer = () => ({ nextAt: clock.at, deed: 'rotate', trouble: trouble('blocked', 'strays-waiting') });
  await beat();
  expect(rotator.passes).toEqual(['a']);
  await beat(RESYNC);
  expect(rotator.passes).toEqual(['a']);
  rotator.surveyAnswer = () => ({ nextAt: clock.at, deed: 'enter-strays' });
  rotator.passAnswer = (_, times) =>
    times === 2 ? { did: 'entered-strays', nextAt: clock.at, deed: 'rotate' } : { did: 'rotated', nextAt: START + DAY };
  await beat(RESYNC);
  await beat();
  expect(rotator.passes).toEqual(['a', 'a', 'a']);
  expect(scheduler.nextAtOf('a')).toBe(START + DAY);
});

test('a look that shows that another replica did the work ends the pause', async () => {
  const { rotator, beat, scheduler } = engine({ sto1: ['a'] }, { resyncMs: RESYNC, backoffFromMs: 1_800_000 });
  rotator.surveyAnswer = () => ({ trouble: trouble('failed') });
  await beat();
  rotator.surveyAnswer = () => ({ nextAt: START + 30 * DAY });
  await beat(RESYNC);
  expect(scheduler.nextAtOf('a')).toBe(START + 30 * DAY);
});

test('stopping in the middle of a round ends it soon', async () => {
  const { pace, give } = steps();
  const { rotator, scheduler, clock, beat } = engine({ sto1: names(100) }, { resyncMs: RESYNC, pace });
  await beat();
  clock.at += RESYNC;
  scheduler.tick();
  await give(1);
  const stopped = scheduler.stop();
  await give(1);
  await stopped;
  expect(rotator.surveys).toHaveLength(2);
});

test('an issuer without applications is surveyed as soon as there is nothing to survey', async () => {
  const { scheduler, beat } = engine({ sto1: [] });
  await beat();
  expect(scheduler.unsurveyed).toEqual([]);
});
