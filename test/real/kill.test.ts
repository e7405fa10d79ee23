import { beforeAll, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { Consumers } from './support/consumers.ts';
import { applicationsOf } from './support/fleet.ts';
import { type Group, Lives, type PolicyOf } from './support/lives.ts';
import { findRecord } from './support/record.ts';
import { seeded, seedOfRun } from './support/seeded.ts';
import { arrangeCluster, type Setting } from './support/setting.ts';
import { LATER_STEPS, ROTATION_STEPS } from './support/steps.ts';

/** The third group has two replicas. */
const GROUPS: readonly Group[] = [
  { applications: namesOf('a'), victims: ['a'] },
  { applications: namesOf('b'), victims: ['b'] },
  { applications: namesOf('c'), victims: ['c1', 'c2'] },
];
const APPLICATIONS = GROUPS.flatMap((group) => group.applications);
/** Their secrets are rendered by a Vault Agent; the others read Vault themselves. */
const WITH_AGENT = ['a-1', 'c-1'];
/** What changes something at a server, even when nobody waits for the answer any more. */
const WORTH_BEING_LATE = ['issue', 'publish', 'revoke'] as const;
const PERIOD = '8s';
const SEED = seedOfRun();

function namesOf(group: string): readonly string[] {
  return Array.from({ length: 6 }, (_, index) => `${group}-${index + 1}`);
}

const scene = useScene();
let setting: Setting;
let account: Account;
let lives: Lives;

/** A stray is old after verify.timeout and three minutes. */
function rotating(every: (life: number) => string): PolicyOf {
  const verify = { timeout: '3s', successes: 2 };
  return ({ group, number }) => {
    const applications = applicationsOf(group.applications, { rotate: { every: every(number) } });
    return { defaults: { grace: '6s', verify }, applications, scheduler: { spread: '1s' } };
  };
}

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  account = await openAccount(setting, 'kill', APPLICATIONS);
  lives = await Lives.open({ setting, account, groups: GROUPS, random: seeded(SEED) });
});

describe(`rekeyd killed at any moment (REKEYD_TEST_SEED=${SEED})`, () => {
  test('each application gets its first credential and somebody who uses it', async () => {
    await lives.startFirsts(rotating(() => PERIOD));
    for (const name of APPLICATIONS) await poll(`a record of ${name}`, 150_000, () => findRecord(setting.vault, name));
    const consumers = await Consumers.open(setting, setting.s3.s3);
    for (const name of APPLICATIONS) {
      account.watch(WITH_AGENT.includes(name) ? await consumers.withAgent(name) : consumers.reading(name));
    }
    await lives.killRunning();
  });

  test('rotating all the while, it is killed at every boundary of every step', { timeout: 1_200_000 }, async () => {
    lives.kills.want(ROTATION_STEPS, ['arrived', 'delivered', 'answered'], 2);
    lives.kills.want(WORTH_BEING_LATE, ['late'], 2);
    await lives.goOn(
      rotating(() => PERIOD),
      20_000,
    );
  });

  test('and at every boundary of entering strays and of changing a schedule', { timeout: 1_200_000 }, async () => {
    lives.kills.want(LATER_STEPS, ['arrived', 'late', 'delivered', 'answered'], 2);
    // each life has another schedule than the one before, so that there always is one to take in
    await lives.goOn(
      rotating((life) => `${60 + life}m`),
      40_000,
    );
    expect(account.kills).toBeGreaterThanOrEqual(100);
  });

  test('nobody was ever refused, and nothing is left behind or touched in the end', { timeout: 600_000 }, async () => {
    await lives.close(rotating(() => '1h'));
  });
});
