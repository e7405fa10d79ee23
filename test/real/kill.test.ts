import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { Consumers } from './support/consumers.ts';
import { startFaultProxy } from './support/fault-proxy.ts';
import { applicationsOf } from './support/fleet.ts';
import { type Boundary, KillList } from './support/kill-list.ts';
import { findRecord } from './support/record.ts';
import { seeded, seedOfRun } from './support/seeded.ts';
import { arrangeCluster, INSTANCE, type PolicyParts, type Setting } from './support/setting.ts';
import { STEPS } from './support/steps.ts';
import { Victim } from './support/victim.ts';

/** Applications, and who looks after them: the third group has two replicas. */
const GROUPS = [
  { applications: namesOf('a'), victims: ['a'] },
  { applications: namesOf('b'), victims: ['b'] },
  { applications: namesOf('c'), victims: ['c1', 'c2'] },
] as const;
const APPLICATIONS = GROUPS.flatMap((group) => group.applications);
/** Their secrets are rendered by a Vault Agent; the others read Vault themselves. */
const WITH_AGENT = ['a-1', 'c-1'];
/** What only comes to pass when the schedule is changed, and once strays are old. */
const LATER_STEPS = ['fence', 'reschedule'] as const;
/** What changes something at a server, even when nobody waits for the answer any more. */
const WORTH_BEING_LATE = ['issue', 'publish', 'revoke'] as const;
const PERIOD = '8s';
/** Far longer than it takes to reach all boundaries of one part, on any machine. */
const PATIENCE_MS = 1_000_000;
const SEED = seedOfRun();

function namesOf(group: string): readonly string[] {
  return Array.from({ length: 6 }, (_, index) => `${group}-${index + 1}`);
}

const scene = useScene();
const random = seeded(SEED);
const kills = new KillList(random);
let setting: Setting;
let account: Account;
let victims: readonly { readonly victim: Victim; readonly applications: readonly string[] }[];

/** A stray is old after verify.timeout and three minutes. */
function policy(applications: readonly string[], every: string): PolicyParts {
  const verify = { timeout: '3s', successes: 2 };
  const all = applicationsOf(applications, { rotate: { every } });
  return { defaults: { grace: '6s', verify }, applications: all, scheduler: { spread: '1s' } };
}

async function openGroup(group: (typeof GROUPS)[number]): Promise<readonly Victim[]> {
  const s3 = await startFaultProxy(scene, { name: `s3-${group.victims[0]}`, target: () => setting.s3.s3 });
  const onKill = (at: Boundary | undefined): void => {
    account.kills += 1;
    if (at) kills.cross(at);
    else count('kills at any time');
  };
  const opened = await Promise.all(group.victims.map((name) => Victim.open(scene, { name, setting, s3, onKill })));
  s3.onCall = (call, phase) => (opened.find((victim) => victim.owns(call)) ?? onlyOne(opened))?.pass(call, phase);
  return opened;
}

/** Who shares S3 with nobody makes every call there. */
function onlyOne(opened: readonly Victim[]): Victim | undefined {
  return opened.length === 1 ? opened[0] : undefined;
}

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  account = await openAccount({
    name: 'kill',
    vault: setting.vault,
    glesys: setting.glesys.account,
    instance: INSTANCE,
    s3: setting.s3,
    owner: 'real-test',
    applications: APPLICATIONS,
  });
  const groups = await Promise.all(GROUPS.map(async (group) => ({ group, opened: await openGroup(group) })));
  victims = groups.flatMap(({ group: { applications }, opened }) => opened.map((victim) => ({ victim, applications })));
});

function count(what: string): void {
  account.more[what] = (account.more[what] ?? 0) + 1;
}

/** A few lives end at any moment, soon; the others at a boundary that is still wanted, or else when they are old. */
function lifetimeMs(oldAtMs: number): number {
  return random() < 0.15 ? random() * 5_000 : oldAtMs * (0.5 + 0.5 * random());
}

/** Starts every victim again whenever it has died, until nothing is wanted any more, or it takes too long. */
async function killAll(every: (life: number) => string, oldAtMs: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  await Promise.all(
    victims.map(async ({ victim, applications }) => {
      for (let life = 0; kills.left.length > 0 && performance.now() < deadline; life += 1) {
        const { process } = await victim.start(policy(applications, every(life)), kills.pick());
        const old = victim.atWork.then(() => sleep(lifetimeMs(oldAtMs), 'over', { ref: false }));
        const end = await Promise.race([process.exited, old]);
        if (end === 'over') await victim.kill();
        expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
      }
    }),
  );
}

describe(`rekeyd killed at any moment (REKEYD_TEST_SEED=${SEED})`, () => {
  test('each application gets its first credential and somebody who uses it', async () => {
    // one of each group: two that start with nothing at the same moment would only collide
    const firsts = victims.filter(({ applications }, index) => victims[index - 1]?.applications !== applications);
    for (const { victim, applications } of firsts) await victim.start(policy(applications, PERIOD));
    for (const name of APPLICATIONS) await poll(`a record of ${name}`, 150_000, () => findRecord(setting.vault, name));
    const consumers = await Consumers.open(setting);
    for (const name of APPLICATIONS) {
      account.watch(WITH_AGENT.includes(name) ? await consumers.withAgent(name) : consumers.reading(name));
    }
    await Promise.all(firsts.map(({ victim }) => victim.kill()));
  });

  test('rotating all the while, it is killed at every boundary of every step', { timeout: 1_200_000 }, async () => {
    const steps = STEPS.filter((step) => !LATER_STEPS.some((later) => later === step));
    kills.want(steps, ['arrived', 'delivered', 'answered'], 2);
    kills.want(WORTH_BEING_LATE, ['late'], 2);
    await killAll(() => PERIOD, 20_000);
    expect(kills.left).toEqual([]);
  });

  test('and at every boundary of entering strays and of changing a schedule', { timeout: 1_200_000 }, async () => {
    kills.want(LATER_STEPS, ['arrived', 'late', 'delivered', 'answered'], 2);
    // each life has another schedule than the one before, so that there always is one to take in
    await killAll((life) => `${60 + life}m`, 40_000);
    expect(kills.left).toEqual([]);
    expect(account.kills).toBeGreaterThanOrEqual(100);
  });

  test('nobody was ever refused, and nothing is left behind or touched in the end', { timeout: 600_000 }, async () => {
    for (const { victim, applications } of victims) await victim.start(policy(applications, '1h'));
    await account.settled(500_000);
    const figures = await account.close();
    expect(figures.rotations).toBeGreaterThan(APPLICATIONS.length);
    const live = setting.glesys.account.credentials(INSTANCE).map(({ accessKeyId }) => accessKeyId);
    expect([...(await setting.ring.liveAccessKeyIds())].toSorted()).toEqual(live.toSorted());
  });
});
