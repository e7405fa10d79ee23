import { beforeAll, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { Consumers } from './support/consumers.ts';
import type { Daemon } from './support/daemon.ts';
import { type FaultProxy, startFaultProxy } from './support/fault-proxy.ts';
import { applicationsOf, earlyRevocations, namesOf, rotationsBy, untilEachRotated } from './support/fleet.ts';
import { seedOfRun } from './support/seeded.ts';
import { arrangeCluster, type PolicyParts, run, type Setting } from './support/setting.ts';

const NAMES = namesOf(24);
const PERIOD_MS = 30_000;
const LIMITS = { concurrency: 4, per_second: 3 };
/** Calls are counted in spans of so many seconds: long enough for a late timer not to matter. */
const SPAN_S = 3;

const scene = useScene();
const seed = seedOfRun();
let setting: Setting;
let account: Account;
let daemon: Daemon;
let proxy: FaultProxy;
/** When each call came to the issuer, in ms of a clock that nobody sets. */
const arrivals: number[] = [];

const policy = (every: string): PolicyParts => ({
  defaults: { grace: '15s', verify: { timeout: '5s', successes: 2 } },
  issuer: { api: proxy.url, limits: LIMITS },
  applications: applicationsOf(NAMES, { rotate: { every } }),
  scheduler: { resync: '5s' },
});

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  const { glesys } = setting;
  proxy = await startFaultProxy(scene, {
    name: 'glesys',
    target: () => glesys.url,
    onCall: (_call, phase) => {
      if (phase === 'arrived') arrivals.push(performance.now());
      return undefined;
    },
  });
  account = await openAccount(setting, 'issuer-away', NAMES);
  daemon = await run(setting, 'rekeyd', policy(`${PERIOD_MS / 1_000}s`));
  for (const application of NAMES) await daemon.until({ event: 'rotation.done', application });
  const consumers = await Consumers.open(setting);
  account.watch(...NAMES.map((name) => consumers.reading(name)), await consumers.withAgent('app-01'));
});

/** The most calls that came within any span, from a moment on. */
function mostWithinSpan(from: number): number {
  const times = arrivals.filter((at) => at >= from);
  return Math.max(0, ...times.map((at, index) => times.filter((later) => later < at + SPAN_S * 1_000).length - index));
}

/** When the last of those published so far falls due, Unix ms. */
const lastDue = (): number =>
  Math.max(...daemon.lines({ event: 'rotation.done' }).map((line) => Date.parse(String(line['rotate_at']))));

describe(`an issuer that is away for longer than a period (REKEYD_TEST_SEED=${seed})`, () => {
  let backAt: number;

  test('what falls due meanwhile waits, and nobody loses access', async () => {
    proxy.plan.disturb(1, seed, [
      { fault: { kind: 'status', status: 503 }, weight: 1 },
      { fault: { kind: 'drop-before' }, weight: 1 },
    ]);
    const wentAt = Date.now();
    await daemon.until({ event: 'circuit.opened', server: 'issuer sto1' });
    const done = rotationsBy(daemon);
    await poll('everything to be due for a while', 120_000, async () =>
      Date.now() > Math.max(wentAt + PERIOD_MS, lastDue()) + 5_000 ? true : undefined,
    );
    // what was already issued when the issuer went is still published
    expect(rotationsBy(daemon) - done).toBeLessThanOrEqual(LIMITS.concurrency);
    for (const consumer of account.consumers) expect(consumer.refusals).toEqual([]);
    account.more['seconds away'] = Math.round((Date.now() - wentAt) / 1_000);
  });

  test('once it is back every application is rotated, none is skipped', async () => {
    backAt = performance.now();
    const rotated = untilEachRotated(daemon, NAMES);
    proxy.plan.calm();
    await rotated;
    for (const application of NAMES) {
      const generations = daemon.lines({ event: 'rotation.done', application }).map((line) => line['generation']);
      expect(generations).toEqual(generations.map((_, index) => index + 1));
    }
  });

  test('they come back at the pace of the limits', () => {
    const most = mostWithinSpan(backAt);
    account.more[`calls at most in ${SPAN_S} s after it`] = most;
    expect(most).toBeGreaterThan(0);
    // the limit, and one second's worth for calls that were held up on their way and came with the next ones
    expect(most).toBeLessThanOrEqual((SPAN_S + 1) * LIMITS.per_second);
  });

  test('in the end nobody was refused, nothing is left over, and nothing foreign was touched', async () => {
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    const slow = await run(setting, 'rekeyd-slow', policy('1h'));
    await account.settled(150_000);
    expect(await slow.stop()).toEqual({ code: 0, signal: null });
    expect(earlyRevocations([daemon, slow])).toEqual([]);
    await account.close();
  });
});
