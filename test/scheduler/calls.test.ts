import { afterEach, expect, test } from 'vitest';
import { Counter, type Tally } from '../../bench/support/tally.ts';
import { runOnce } from '../../src/scheduler/once.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { DAY, type Replica, Stage } from '../support/stage.ts';

/** Everything of one instance is rotated, through the real adapters, and what the servers answer is counted. */
const FEW = 10;
const MANY = 4 * FEW;
const MOST_BEATS = 10;
const MOST_LISTS = 2;
const OF_EACH_ROTATION = ['issuer: create', 's3: list buckets', 'vault: read', 'vault: write', 'vault: metadata'];

let stage: Stage | undefined;
let counter: Counter | undefined;

afterEach(async () => {
  counter?.stop();
  await stage?.close();
});

const names = (count: number) => Array.from({ length: count }, (_, index) => `app-${String(index).padStart(3, '0')}`);

type Way = (replica: Replica, applications: readonly string[], on: Stage) => Promise<void>;

/** As a daemon rotates what is due. */
const byScheduler: Way = async ({ parts }, _applications, { clock }) => {
  const rotated = new Set<string>();
  const scheduler = new Scheduler({
    replica: 'replica-1',
    policy: parts.policy,
    rotator: parts.rotator,
    clock,
    random: () => 0,
    onOutcome: ({ application, did }) => did === 'rotated' && rotated.add(application),
  });
  const isDue = () => scheduler.unsurveyed.length > 0 || rotated.size < parts.policy.applications.size;
  for (let beats = 0; isDue() && beats < MOST_BEATS; beats += 1) {
    scheduler.tick();
    await scheduler.idle();
  }
  await scheduler.stop();
};

/** As a command rotates what it was asked for. */
const byCommand: Way = async ({ parts }, applications, { clock }) => {
  const request = { rotate: true, despite: [] };
  await runOnce({ policy: parts.policy, rotator: parts.rotator, clock, applications, request, onOutcome: () => {} });
};

/** What so many applications' second rotation takes, by kind. */
async function callsFor(count: number, way: Way): Promise<Tally> {
  const applications = names(count);
  stage = await Stage.open({ applications: Object.fromEntries(applications.map((name) => [name, {}])) });
  await byCommand(stage.replica(), applications, stage);
  stage.clock.advance(40 * DAY);
  counter = new Counter();
  await way(stage.replica(), applications, stage);
  const tally = counter.take();
  counter.stop();
  expect(applications.map((name) => stage?.record(name).generation)).toEqual(applications.map(() => 2));
  await stage.close();
  return tally;
}

test.each([
  ['a daemon', byScheduler],
  ['a command', byCommand],
])('%s makes the same calls for each rotation, however many applications its instance has', async (_, way) => {
  const few = await callsFor(FEW, way);
  const many = await callsFor(MANY, way);
  for (const kind of OF_EACH_ROTATION) {
    expect.soft(callsPer(many, kind, MANY), kind).toBe(callsPer(few, kind, FEW));
    expect.soft(bytesPer(many, kind, MANY) / bytesPer(few, kind, FEW), `bytes of ${kind}`).toBeCloseTo(1, 1);
  }
  // with one list for each application this would be quadratic: a list grows with its instance
  for (const tally of [few, many]) expect(tally['issuer: list']?.calls).toBeLessThanOrEqual(MOST_LISTS);
  for (const kind of Object.keys(many)) {
    expect.soft(callsPer(many, kind, MANY), kind).toBeLessThanOrEqual(callsPer(few, kind, FEW));
  }
});

function callsPer(tally: Tally, kind: string, rotations: number): number {
  return (tally[kind]?.calls ?? 0) / rotations;
}

function bytesPer(tally: Tally, kind: string, rotations: number): number {
  const { sent = 0, received = 0 } = tally[kind] ?? {};
  return (sent + received) / rotations;
}
