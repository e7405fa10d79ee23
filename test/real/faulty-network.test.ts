import { beforeAll, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { Consumers } from './support/consumers.ts';
import type { Daemon } from './support/daemon.ts';
import { type FaultProxy, startFaultProxy } from './support/fault-proxy.ts';
import { EVERYTHING, nameOf, WAYS, type Way, withDelays } from './support/faults.ts';
import { applicationsOf, namesOf } from './support/fleet.ts';
import { findRecord } from './support/record.ts';
import { seedOfRun } from './support/seeded.ts';
import { arrangeCluster, type PolicyParts, run, type Setting } from './support/setting.ts';

const APPLICATIONS = namesOf(24);
/** Their secrets are rendered by a Vault Agent; the others read Vault themselves. */
const WITH_AGENT = APPLICATIONS.slice(0, 2);
const SHARE = 0.1;
/** Rotations that must come about through the faults. */
const ROTATIONS = 100;
const SEED = seedOfRun();
/** Over all servers each of these must have happened: of a late one there are only a few at each. */
const NAMES = [...EVERYTHING.map(({ fault }) => nameOf(fault)), 'delay'];
/** What is counted of a status, whether the request was delivered before it or not. */
const STATUSES = [429, 500, 502, 503, 504];
/** A hundred rotations are at least so many calls that their share of faults is this near to what it should be. */
const SHARE_MAY_DIFFER = 0.04;

const scene = useScene();
let setting: Setting;
let account: Account;
let proxies: Readonly<Record<Way, FaultProxy>>;
let replicas: readonly Daemon[];

/** A stray is old after verify.timeout and three minutes. */
function policy(every: string): PolicyParts {
  return {
    vault: { address: proxies.vault.url },
    defaults: { grace: '10s', verify: { timeout: '5s', successes: 2 } },
    applications: applicationsOf(APPLICATIONS, { rotate: { every } }),
    scheduler: { spread: '2s' },
    issuer: { limits: { concurrency: 8, per_second: 20 } },
  };
}

function start(name: string, every: string): Promise<Daemon> {
  const { glesys, s3 } = proxies;
  const through = { ...setting, glesys: { ...setting.glesys, url: glesys.url }, s3: { ...setting.s3, s3: s3.url } };
  return run(through, name, policy(every));
}

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  proxies = {
    glesys: await startFaultProxy(scene, { name: 'glesys', target: () => setting.glesys.url }),
    vault: await startFaultProxy(scene, { name: 'vault', target: () => setting.vault.address }),
    s3: await startFaultProxy(scene, { name: 's3', target: () => setting.s3.s3 }),
  };
  account = await openAccount(setting, 'faulty network', APPLICATIONS);
});

type Counts = Readonly<Record<string, number>>;

/** From now on everything passes there. Returns how often what struck while it did not. */
function calm(proxy: FaultProxy): Counts {
  proxy.plan.calm();
  return proxy.takeCounts();
}

function plus(one: Counts, other: Counts): Counts {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}

/** Every fault struck, and all of them together about as often as it is called. */
function expectFaults(struck: Counts): void {
  expect(Object.keys(struck)).toEqual(expect.arrayContaining(NAMES));
  const calls = Object.values(struck).reduce((a, b) => a + b, 0);
  const faults = calls - (struck['pass'] ?? 0);
  account.more['calls while it was disturbed'] = calls;
  account.more['of them struck'] = faults;
  account.more['late'] = struck['delay'] ?? 0;
  for (const status of STATUSES) {
    account.more[`answered ${status}`] = (struck[`status ${status}`] ?? 0) + (struck[`status-after ${status}`] ?? 0);
  }
  expect(Math.abs(faults / calls - SHARE)).toBeLessThan(SHARE_MAY_DIFFER);
}

describe(`a network that fails one call in ten (REKEYD_TEST_SEED=${SEED})`, () => {
  test('each application gets its first credential and somebody who uses it', async () => {
    // two that start with nothing at the same moment would only collide
    const first = await start('replica-1', '11s');
    for (const name of APPLICATIONS) await poll(`a record of ${name}`, 150_000, () => findRecord(setting.vault, name));
    replicas = [first, await start('replica-2', '11s')];
    const consumers = await Consumers.open(setting, setting.s3.s3);
    for (const name of APPLICATIONS) {
      account.watch(WITH_AGENT.includes(name) ? await consumers.withAgent(name) : consumers.reading(name));
    }
  });

  test('a hundred rotations come about through faults of every kind', { timeout: 700_000 }, async () => {
    await account.begin();
    for (const way of WAYS) {
      // what came before counts for nothing
      proxies[way].takeCounts();
      proxies[way].plan.disturb(SHARE, `${SEED} ${way}`, withDelays(way));
    }
    await poll(`${ROTATIONS} rotations`, 600_000, async () =>
      (await account.rotations()) >= ROTATIONS ? true : undefined,
    );
    const struck = WAYS.map((way) => calm(proxies[way]));
    for (const counts of struck) {
      const kinds = new Set(Object.keys(counts).map((name) => name.split(' ')[0]));
      for (const kind of ['drop-before', 'drop-after', 'cut', 'status', 'status-after']) expect(kinds).toContain(kind);
    }
    expectFaults(struck.reduce(plus));
  });

  test('once it is well again rotations go on, and in the end all is as it should be', {
    timeout: 320_000,
  }, async () => {
    const before = await account.rotations();
    await poll('rotations to go on', 60_000, async () => ((await account.rotations()) > before ? true : undefined));
    await Promise.all(replicas.map((replica) => replica.stop()));
    await start('replica-3', '1h');
    await account.settled(500_000);
    const figures = await account.close();
    expect(figures.rotations).toBeGreaterThanOrEqual(ROTATIONS);
  });
});
