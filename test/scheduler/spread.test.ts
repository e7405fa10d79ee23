import { afterEach, expect, test, vi } from 'vitest';
import { share } from '../../src/policy/share.ts';
import { DAY, engine, policyOf, START } from './world.ts';

afterEach(() => void vi.useRealTimers());

const RESYNC = 60_000;
const SPREAD = 120_000;

/** One that waits longer for its share of the spread than until the next look of the resync. */
const patient = Array.from({ length: 100 }, (_, index) => `app-${index}`).find(
  (name) => share('replica-1', name) > 0.8,
) as string;

test('an application that waits its share of the spread is not put off by each look of the resync meanwhile', async () => {
  const { rotator, beat, clock } = engine({ sto1: [patient] }, { resyncMs: RESYNC, spreadMs: SPREAD });
  const due = START + RESYNC / 2;
  // a look finds the date ahead, or that it has come
  const look = () => ({ nextAt: Math.max(due, clock.at) });
  rotator.surveyAnswer = look;
  rotator.passAnswer = () => ({ did: 'rotated', nextAt: due + DAY });
  await beat();
  while (clock.at < due + SPREAD) await beat(1_000);
  expect(rotator.passes).toEqual([patient]);
});

test('work that a look of the resync finds before the planned time waits no more than its share of the spread', async () => {
  const { rotator, beat, scheduler, clock } = engine({ sto1: [patient] }, { resyncMs: RESYNC, spreadMs: SPREAD });
  rotator.surveyAnswer = () => ({ nextAt: START + DAY });
  await beat();
  rotator.surveyAnswer = () => ({ nextAt: clock.at });
  await beat(RESYNC);
  expect(scheduler.nextAtOf(patient)).toBe(clock.at + share('replica-1', patient) * SPREAD);
});

test('what is due between two beats does not wait for the beat, at which every replica would begin it', async () => {
  vi.useFakeTimers({ now: START });
  const { rotator, scheduler } = engine({ sto1: ['a', 'b'] }, { clock: { now: () => Date.now() } });
  rotator.surveyAnswer = (name) => ({ nextAt: Math.max(START + (name === 'a' ? 300 : 600), Date.now()) });
  scheduler.start();
  await vi.advanceTimersByTimeAsync(290);
  expect(rotator.passes).toEqual([]);
  await vi.advanceTimersByTimeAsync(30);
  expect(rotator.passes).toEqual(['a']);
  await vi.advanceTimersByTimeAsync(300);
  expect(rotator.passes).toEqual(['a', 'b']);
  await scheduler.stop();
});

test('nobody waits its share of the spread for longer than a window may be open', async () => {
  const policy = policyOf({ sto1: [patient] }, { spreadMs: 10 * SPREAD });
  const [application] = policy.applications.values();
  if (!application) throw new Error('there is one');
  const rotate = { ...application.rotate, window: '0 3 * * *' };
  policy.applications.set(patient, { ...application, rotate });
  const { rotator, beat, scheduler } = engine({}, { policy });
  rotator.surveyAnswer = () => ({ nextAt: START + DAY });
  await beat();
  const waits = (scheduler.nextAtOf(patient) ?? 0) - (START + DAY);
  expect(waits).toBeCloseTo(share('replica-1', patient) * 30_000);
});
