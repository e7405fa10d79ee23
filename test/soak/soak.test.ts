import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { type Account, lineOf, openAccount } from '../real/support/account.ts';
import { Consumers } from '../real/support/consumers.ts';
import { startFaultProxy } from '../real/support/fault-proxy.ts';
import { applicationsOf, namesOf } from '../real/support/fleet.ts';
import { Person } from '../real/support/person.ts';
import { findRecord } from '../real/support/record.ts';
import { seeded, seedOfRun } from '../real/support/seeded.ts';
import { arrangeCluster, type PolicyParts } from '../real/support/setting.ts';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { Readers } from './readers.ts';
import type { Soak, Trouble } from './soak.ts';
import { Team } from './team.ts';
import { TROUBLES } from './troubles.ts';

const MINUTES = Number(process.env['REKEYD_SOAK_MINUTES'] ?? 10);
const SEED = seedOfRun();
const APPLICATIONS = namesOf(12);
/** Their secrets are rendered by a Vault Agent as well. */
const WITH_AGENT = APPLICATIONS.slice(0, 2);
/** Longer than a stray needs to be old, with its grace and the time that a noisy machine takes. */
const SETTLED_MS = 600_000;
const MINUTE = 60_000;

const scene = useScene();
const readers = new Readers(APPLICATIONS.filter((name) => !WITH_AGENT.includes(name)));
let soak: Soak;

function policy(schedule: string, more: Readonly<Record<string, unknown>> = {}): PolicyParts {
  const membersOf = (name: string) => ({ rotate: { every: schedule }, path: readers.path(name), ...more });
  return {
    defaults: { grace: '40s', verify: { timeout: '5s', successes: 2 } },
    applications: Object.assign({}, ...APPLICATIONS.map((name) => applicationsOf([name], membersOf(name)))),
    scheduler: { spread: '1s' },
    issuer: { limits: { concurrency: 4, per_second: 20 } },
  };
}

beforeAll(async () => {
  const setting = await arrangeCluster(scene, { ttl: '2h', maxTtl: '24h' });
  const weather = {
    glesys: await startFaultProxy(scene, { name: 'glesys', target: () => setting.glesys.url }),
    vault: await startFaultProxy(scene, { name: 'vault', target: () => setting.vault.address }),
    s3: await startFaultProxy(scene, { name: 's3', target: () => setting.s3.s3 }),
  };
  const through = {
    ...setting,
    glesys: { ...setting.glesys, url: weather.glesys.url },
    s3: { ...setting.s3, s3: weather.s3.url },
  };
  const atVault = (parts: PolicyParts): PolicyParts => ({ ...parts, vault: { address: weather.vault.url } });
  const account = await openAccount(setting, 'soak', APPLICATIONS, readers.path);
  const policyThrough: Soak['policy'] = (schedule, more) => atVault(policy(schedule, more));
  const team = new Team(through, policyThrough('41s'));
  const random = seeded(SEED);
  soak = {
    setting,
    account,
    team,
    weather,
    person: new Person(setting, readers.path),
    applications: APPLICATIONS,
    readers,
    policy: policyThrough,
    random,
  };
  await team.begin();
  for (const name of APPLICATIONS) await poll(`a record of ${name}`, 150_000, () => findRecord(setting.vault, name));
  const consumers = await Consumers.open(setting, setting.s3.s3);
  const vault = (): string => setting.vault.address;
  for (const name of APPLICATIONS) {
    account.watch(readers.add(name, vault, (address) => consumers.reading(name, address, readers.path)));
  }
  for (const name of WITH_AGENT) account.watch(await consumers.withAgent(name));
}, 300_000);

/** One trouble after the other, with a little peace in between. */
async function troubleAll(until: number): Promise<void> {
  const total = TROUBLES.reduce((sum, { weight }) => sum + weight, 0);
  while (performance.now() < until) {
    const trouble = choose(soak.random() * total);
    count(soak.account, trouble.name);
    await trouble.make(soak);
    await sleep(soak.random() * 4_000);
  }
}

function choose(at: number): Trouble {
  let left = at;
  for (const trouble of TROUBLES) {
    left -= trouble.weight;
    if (left < 0) return trouble;
  }
  throw new Error('the weights do not add up');
}

function count({ more }: Account, what: string): void {
  more[what] = (more[what] ?? 0) + 1;
}

async function tellEachMinute(until: number): Promise<void> {
  for (let minute = 1; performance.now() < until; minute += 1) {
    await sleep(Math.min(MINUTE, until - performance.now()));
    const figures = await soak.account.figures().catch(String);
    const line = typeof figures === 'string' ? figures : lineOf(`minute ${minute}, seed ${SEED}`, figures);
    // in the middle of it all most of them are in their grace
    process.stdout.write(`${line.replace('strays left', 'in their grace or stray')}\n`);
  }
}

test(`${MINUTES} minutes of everything that can go wrong (seed ${SEED}) take nobody's access`, async () => {
  const until = performance.now() + MINUTES * MINUTE;
  await Promise.all([troubleAll(until), tellEachMinute(until)]);
  await soak.team.end();
  expect(soak.team.members.flatMap(({ endedByThemselves }) => endedByThemselves)).toEqual([]);
  expect(soak.account.consumers.flatMap(({ refusals, losses }) => [...refusals, ...losses])).toEqual([]);
});

test('and once all is well again nothing is left over and nothing foreign was touched', async () => {
  const team = new Team({ ...soak.setting }, { ...policy('1h') });
  await team.begin();
  await soak.account.settled(SETTLED_MS);
  await soak.account.close();
  await team.end();
  expect(team.members.flatMap(({ endedByThemselves }) => endedByThemselves)).toEqual([]);
});
