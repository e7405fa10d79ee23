import { expect, test } from 'vitest';
import { share } from '../../src/policy/share.ts';
import { DAY, engine, gate, outcome, START, settle, trouble } from './world.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `app-${index}`);
const rotate = { rotate: true, despite: [] };
/** An answer to a survey: something is to be done now. */
const due = () => ({ nextAt: START });

test('at start every application is looked at in one survey per issuer, and what is due gets its pass', async () => {
  const { rotator, beat, outcomes } = engine({ sto1: ['a', 'b'], fbg1: ['c'] });
  rotator.surveyAnswer = (name) => (name === 'b' ? due() : {});
  await beat();
  expect(rotator.surveys.map((batch) => batch.sort())).toEqual([['a', 'b'], ['c']]);
  await beat();
  expect(rotator.passes).toEqual(['b']);
  expect(outcomes).toHaveLength(4);
});

test('surveys at start take a thousand applications each and keep to no pace', async () => {
  const never = () => new Promise<void>(() => {});
  const { rotator, beat } = engine({ sto1: names(2_500) }, { pace: never });
  await beat();
  expect(rotator.surveys.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
});

test('a tick does nothing while nothing is due', async () => {
  const { rotator, beat, scheduler } = engine({ sto1: names(5) });
  await beat();
  const [surveys, passes] = [rotator.surveys.length, rotator.passes.length];
  await beat(1_000);
  await beat(60_000);
  expect([rotator.surveys.length, rotator.passes.length]).toEqual([surveys, passes]);
  expect(names(5).map((name) => scheduler.nextAtOf(name))).toEqual(names(5).map(() => START + 30 * DAY));
});

test('an application gets its pass once it is due, after this replica’s share of the spread', async () => {
  const { rotator, beat } = engine({ sto1: ['a'] }, { spreadMs: 10_000, resyncMs: DAY });
  rotator.surveyAnswer = () => ({ nextAt: START + 60_000 });
  await beat();
  const delay = share('replica-1', 'a') * 10_000;
  await beat(60_000 + delay - 1);
  expect(rotator.passes).toEqual([]);
  await beat(1);
  expect(rotator.passes).toEqual(['a']);
});

test('what a survey finds to be due now is spread too, so that replicas do not collide', async () => {
  const { rotator, beat } = engine({ sto1: ['a'] }, { spreadMs: 10_000 });
  rotator.surveyAnswer = () => ({ nextAt: START - DAY });
  await beat();
  await beat(share('replica-1', 'a') * 10_000 - 1);
  expect(rotator.passes).toEqual([]);
  await beat(1);
  expect(rotator.passes).toEqual(['a']);
});

test('due applications go in an order that each replica has for itself', async () => {
  const orders = [];
  for (const replica of ['replica-1', 'replica-2']) {
    const { rotator, beat } = engine({ sto1: names(20) }, { replica, concurrency: 1 });
    rotator.surveyAnswer = due;
    rotator.passAnswer = () => ({ did: 'rotated' });
    await beat();
    expect(rotator.passes).toEqual(names(20).sort((a, b) => share(replica, a) - share(replica, b)));
    orders.push(rotator.passes);
  }
  expect(orders[0]).not.toEqual(orders[1]);
});

test('no more passes of one issuer run at once than its concurrency allows', async () => {
  const { rotator, beat } = engine({ sto1: names(30) }, { concurrency: 3 });
  rotator.surveyAnswer = due;
  rotator.passAnswer = () => settle().then(() => ({ did: 'rotated' }));
  await beat();
  expect(rotator.passes).toHaveLength(30);
  expect(rotator.most).toBe(3);
});

test('an issuer that hangs never delays another issuer’s applications', async () => {
  const { rotator, scheduler } = engine({ dead: ['x', 'y'], well: ['a', 'b'] }, { concurrency: 1 });
  const { promise, resolve } = gate<object>();
  rotator.surveyAnswer = due;
  rotator.passAnswer = (name) => (name === 'x' || name === 'y' ? promise : { did: 'rotated' });
  scheduler.tick();
  await settle();
  expect(rotator.passes).toEqual(expect.arrayContaining(['a', 'b']));
  expect(rotator.passes.filter((name) => name === 'x' || name === 'y')).toHaveLength(1);
  resolve({ did: 'rotated' });
  await scheduler.idle();
});

test('an issuer whose first survey hangs holds up no other issuer’s first survey', async () => {
  const { rotator, scheduler } = engine({ dead: ['x'], well: ['a'] });
  const { promise, resolve } = gate<object>();
  rotator.surveyAnswer = (name) => (name === 'x' ? promise : due());
  scheduler.tick();
  await settle();
  expect(rotator.passes).toContain('a');
  expect(scheduler.unsurveyed).toEqual(['dead']);
  resolve({});
  await scheduler.idle();
  expect(scheduler.unsurveyed).toEqual([]);
});

test('due applications whose list is no longer valid are surveyed together before their passes', async () => {
  const { rotator, beat } = engine({ sto1: names(10) }, { resyncMs: 30 * DAY });
  rotator.surveyAnswer = () => ({ nextAt: START + DAY });
  await beat();
  rotator.surveyed.clear();
  rotator.surveyAnswer = () => ({ nextAt: START + DAY });
  await beat(DAY);
  expect(rotator.surveys[1]?.toSorted()).toEqual(names(10).sort());
  expect(rotator.passes.toSorted()).toEqual(names(10).sort());
});

test('a survey of the lane does not hold up passes of applications already surveyed', async () => {
  const { rotator, scheduler, beat, clock } = engine({ sto1: ['seen', 'unseen'] }, { resyncMs: 30 * DAY });
  await beat();
  const { promise, resolve } = gate<object>();
  rotator.surveyed.delete('unseen');
  rotator.surveyAnswer = () => promise;
  clock.at = START + 30 * DAY - 1;
  clock.at += 1;
  scheduler.tick();
  await settle();
  expect(rotator.surveys[1]).toContain('unseen');
  expect(rotator.passes).toContain('seen');
  resolve({});
  await scheduler.idle();
});

test('a pass that did something and has more to do is followed up in the same way', async () => {
  const { rotator, beat } = engine({ sto1: ['a'] });
  rotator.surveyAnswer = due;
  rotator.passAnswer = (name, time) => {
    if (time > 2) return { did: 'rotated' };
    rotator.surveyed.delete(name);
    rotator.surveyAnswer = () => ({ nextAt: START });
    return { did: 'entered-strays', nextAt: START };
  };
  await beat();
  await beat();
  expect(rotator.passes).toEqual(['a', 'a', 'a']);
  expect(rotator.surveys).toEqual([['a'], ['a'], ['a']]);
});

test('a pass that did nothing and yet wants to be looked at now waits a moment instead of spinning', async () => {
  const { rotator, beat } = engine({ sto1: ['a'] });
  rotator.surveyAnswer = due;
  rotator.passAnswer = due;
  await beat(0);
  await beat(1_000);
  const before = rotator.passes.length;
  await beat(10);
  expect(rotator.passes).toHaveLength(before);
  await beat(1_000);
  expect(rotator.passes).toHaveLength(before + 1);
});

test.each(['failed', 'blocked'] as const)('what %s is tried again after growing pauses, for ever', async (kind) => {
  const { rotator, beat, scheduler, clock } = engine({ sto1: ['a'] }, { resyncMs: 400 * DAY });
  rotator.surveyAnswer = due;
  rotator.passAnswer = () => ({ trouble: trouble(kind), nextAt: START });
  await beat();
  const pauses: number[] = [];
  for (let time = 0; time < 15; time += 1) {
    pauses.push((scheduler.nextAtOf('a') ?? 0) - clock.at);
    await beat(pauses.at(-1));
  }
  expect(pauses.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000]);
  expect(pauses.at(-1)).toBe(3_600_000);
  expect(rotator.passes).toHaveLength(16);
});

test('a success makes the pauses start from the beginning again', async () => {
  const { rotator, beat, scheduler, clock } = engine({ sto1: ['a'] }, { resyncMs: 400 * DAY });
  rotator.surveyAnswer = due;
  rotator.passAnswer = (_, time) =>
    time === 3 ? { did: 'rotated', nextAt: clock.at } : { trouble: trouble('failed') };
  await beat();
  for (let time = 0; time < 2; time += 1) await beat(3_600_000);
  expect(rotator.passes).toHaveLength(4);
  expect((scheduler.nextAtOf('a') ?? 0) - clock.at).toBe(10_000);
});

test('a refused application is looked at again at the resync, or when its own time comes before that', async () => {
  const { rotator, beat, scheduler, clock } = engine({ sto1: ['late', 'soon', 'past'] }, { resyncMs: 300_000 });
  const at = { late: START + DAY, soon: START + 5_000, past: START - DAY };
  rotator.surveyAnswer = (name) => ({ trouble: trouble('refused'), nextAt: at[name as keyof typeof at] });
  await beat();
  expect(scheduler.nextAtOf('late')).toBe(clock.at + 300_000);
  expect(scheduler.nextAtOf('soon')).toBe(START + 5_000);
  expect(scheduler.nextAtOf('past')).toBe(clock.at + 300_000);
});

test('two passes or surveys of one application never run at once', async () => {
  const { rotator, scheduler, beat, outcomes } = engine({ sto1: names(40) }, { resyncMs: 3_000, concurrency: 5 });
  rotator.surveyAnswer = () => settle().then(due);
  rotator.passAnswer = () => settle().then(() => ({ did: 'rotated', nextAt: START }));
  scheduler.tick();
  const asked = names(40).map((name) => scheduler.request(name, rotate));
  for (let time = 0; time < 5; time += 1) {
    scheduler.tick(START + time * 3_000);
    await settle();
  }
  rotator.surveyAnswer = () => ({});
  rotator.passAnswer = () => ({});
  await beat(60_000);
  await Promise.all(asked);
  expect(outcomes.filter((each) => each.trouble)).toEqual([]);
});

test('what is asked for is done at once, before what is due, and its outcome is told', async () => {
  const { rotator, beat, scheduler, outcomes } = engine({ sto1: ['a', 'b'] });
  await beat();
  rotator.passAnswer = () => ({ did: 'rotated' });
  const told = await scheduler.request('b', { rotate: true, despite: ['edited'] });
  expect(told).toMatchObject({ application: 'b', did: 'rotated' });
  expect(rotator.requests).toEqual([{ rotate: true, despite: ['edited'] }]);
  expect(outcomes.at(-1)).toBe(told);
});

test('what is asked for waits until the pass under way has ended, and then is done all the same', async () => {
  const { rotator, beat, scheduler } = engine({ sto1: ['a'] });
  await beat();
  const { promise, resolve } = gate<object>();
  rotator.passAnswer = (_, time) => (time === 1 ? promise : { did: 'rotated' });
  const first = scheduler.request('a', rotate);
  const second = scheduler.request('a', rotate);
  await settle();
  expect(rotator.passes).toEqual(['a']);
  resolve({});
  await Promise.all([first, second]);
  expect(rotator.passes).toEqual(['a', 'a']);
});

test('what is asked for of an application that was not looked at yet is done all the same', async () => {
  const { rotator, scheduler } = engine({ sto1: ['a'] });
  await scheduler.request('a', rotate);
  expect(rotator.passes).toEqual(['a']);
});

test('with each outcome it tells when that application is looked at next', async () => {
  const told: [string, number][] = [];
  const { rotator, beat } = engine(
    { sto1: ['a', 'b'] },
    { onOutcome: (each, at) => told.push([each.application, at]) },
  );
  rotator.surveyAnswer = (name) => (name === 'a' ? { trouble: trouble('failed'), nextAt: START } : {});
  await beat();
  expect(told.toSorted()).toEqual([
    ['a', START + 10_000],
    ['b', START + 30 * DAY],
  ]);
});

test('asking for an application that the policy does not have is an error', async () => {
  const { scheduler } = engine({ sto1: ['a'] });
  await expect(scheduler.request('nobody', rotate)).rejects.toThrow('no application nobody');
});

test('a defect in one application’s pass is a failed outcome of that application and stops no other', async () => {
  const { rotator, beat, outcomes } = engine({ sto1: ['a', 'b'] }, { concurrency: 1 });
  rotator.surveyAnswer = due;
  rotator.passAnswer = (name) => {
    if (name === 'a') throw new TypeError('secret words');
    return { did: 'rotated' };
  };
  await beat();
  await beat(1_000);
  expect(rotator.passes).toEqual(expect.arrayContaining(['a', 'b']));
  const failed = outcomes.find((each) => each.trouble);
  expect(failed).toMatchObject({ application: 'a', trouble: { kind: 'failed', code: 'internal-error' } });
  expect(JSON.stringify(failed)).not.toContain('secret words');
});

test('stopping starts nothing new, lets what is under way end, and only then resolves', async () => {
  const { rotator, scheduler, outcomes } = engine({ sto1: ['a', 'b'] }, { concurrency: 1 });
  const { promise, resolve } = gate<object>();
  rotator.surveyAnswer = due;
  rotator.passAnswer = () => promise;
  scheduler.tick();
  await settle();
  let isStopped = false;
  const stopped = scheduler.stop().then(() => {
    isStopped = true;
  });
  await settle();
  expect(isStopped).toBe(false);
  resolve({ did: 'rotated' });
  await stopped;
  scheduler.tick(START + DAY);
  await settle();
  expect(rotator.passes).toHaveLength(1);
  expect(outcomes.at(-1)).toMatchObject({ did: 'rotated' });
});

test('what is asked for while stopping is told so instead of being left waiting', async () => {
  const { rotator, scheduler, beat } = engine({ sto1: ['a'] });
  await beat();
  const { promise, resolve } = gate<object>();
  rotator.passAnswer = () => promise;
  const running = scheduler.request('a', rotate);
  const waiting = scheduler.request('a', rotate);
  const stopped = scheduler.stop();
  const late = scheduler.request('a', rotate);
  expect((await waiting).trouble?.code).toBe('stopping');
  expect((await late).trouble?.code).toBe('stopping');
  resolve({ did: 'rotated' });
  await stopped;
  expect(await running).toEqual(outcome('a', { did: 'rotated' }));
});

test('the heartbeat drives it once it is started', async () => {
  const { rotator, scheduler, clock } = engine({ sto1: ['a'] });
  const passed = gate<void>();
  rotator.surveyAnswer = () => ({ nextAt: START + 60_000 });
  rotator.passAnswer = () => {
    passed.resolve();
    return { did: 'rotated' };
  };
  expect(scheduler.sinceBeatMs).toBe(Infinity);
  scheduler.start();
  await scheduler.idle();
  clock.at = START + 60_000;
  await passed.promise;
  expect(scheduler.sinceBeatMs).toBeLessThan(30_000);
  await scheduler.stop();
});
