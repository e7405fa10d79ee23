import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_FIELDS } from '../../src/policy/fields.ts';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { Consumers } from './support/consumers.ts';
import { applicationsOf } from './support/fleet.ts';
import { HandMade } from './support/hand-made.ts';
import { type Group, type Life, Lives, type PolicyOf } from './support/lives.ts';
import { findRecord } from './support/record.ts';
import { seeded, seedOfRun } from './support/seeded.ts';
import { arrangeCluster, type PolicyParts, type Setting } from './support/setting.ts';
import { RARER_STEPS } from './support/steps.ts';

/** The second group has two replicas. */
const GROUPS: readonly Group[] = [
  { applications: namesOf('d'), victims: ['d'] },
  { applications: namesOf('e'), victims: ['e1', 'e2'] },
];
const SEED = seedOfRun();
const VERIFY = { timeout: '3s', successes: 2 };
/** When who is due is rotated, and all others. */
const SOON = '8s';
const LATER = '60m';

function namesOf(group: string): readonly string[] {
  return Array.from({ length: 5 }, (_, index) => `${group}-${index + 1}`);
}

const scene = useScene();
/** Of all groups, and what is made by hand on the way. */
const applications = GROUPS.flatMap((group) => group.applications);
let setting: Setting;
let account: Account;
let lives: Lives;
let handMade: HandMade;
let consumers: Consumers;

/** With what was made by hand for it. */
function applicationsIn({ applications, victims: [first] }: Group): readonly string[] {
  return [...applications, ...handMade.applications.filter((name) => name.startsWith(`${first}-`))];
}

/** The rules for one group. `every`: an application's period; `mark`: what a field says besides the key. */
function policy(group: Group, every: (name: string) => string, mark: string): PolicyParts {
  const fields = { ...DEFAULT_FIELDS, mapped_for: `${mark}, {access_key_id}` };
  const each = applicationsIn(group).map((name) => {
    const adopt = handMade.applications.includes(name);
    return applicationsOf([name], { rotate: { every: every(name) }, fields, adopt });
  });
  const defaults = { grace: '6s', verify: VERIFY };
  return { defaults, applications: Object.assign({}, ...each), scheduler: { spread: '1s' } };
}

/**
 * Each life has another mapping and another name of the same endpoint than the one before, and one application is due
 * in it: few are in flight when it dies, since two strays hold an application up. Who is to die adopting finds one more
 * secret that somebody made by hand.
 */
async function rewriting({ victim, group, number, doom }: Life): Promise<PolicyParts> {
  if (doom?.step === 'adopt') await makeByHand(group);
  const names = applicationsIn(group);
  const due = names[number % names.length];
  const parts = policy(group, (name) => (name === due ? SOON : LATER), `${victim.name}, life ${number}`);
  const endpoint = victim.s3Url.replace('127.0.0.1', number % 2 === 0 ? '127.0.0.1' : 'localhost');
  return { ...parts, issuer: { endpoint } };
}

async function makeByHand({ victims: [first] }: Group): Promise<void> {
  const name = await handMade.make(first ?? '');
  account.watch(consumers.reading(name));
  applications.push(name);
}

const atTheEnd: PolicyOf = ({ group }) => policy(group, () => LATER, 'the end');

async function mappedAtTheEnd(name: string): Promise<true | undefined> {
  const { data, record } = await findRecord(setting.vault, name);
  return data['mapped_for'] === `the end, ${record.credential?.access_key_id}` ? true : undefined;
}

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  handMade = new HandMade(setting);
  account = await openAccount(setting, 'kill-rewrites', applications);
  lives = await Lives.open({ setting, account, groups: GROUPS, random: seeded(SEED) });
  consumers = await Consumers.open(setting, setting.s3.s3);
});

describe(`rekeyd killed while it rewrites and takes back (REKEYD_TEST_SEED=${SEED})`, () => {
  test('each application gets its first credential and somebody who uses it', async () => {
    await lives.startFirsts(({ group }) => policy(group, () => LATER, 'the beginning'));
    for (const name of applications) await poll(`a record of ${name}`, 150_000, () => findRecord(setting.vault, name));
    account.watch(await consumers.withAgent('d-1'), ...applications.slice(1).map((name) => consumers.reading(name)));
    await lives.killRunning();
  });

  test('it is killed at every boundary of republishing, adopting and taking back', { timeout: 1_200_000 }, async () => {
    lives.kills.want(RARER_STEPS, ['arrived', 'late', 'delivered', 'answered'], 3);
    await lives.goOn(rewriting, 20_000);
    expect(account.kills).toBeGreaterThanOrEqual(36);
  });

  test('what was adopted is rotated, and only a person revokes the key that it had', { timeout: 600_000 }, async () => {
    // one replica alone: each collision would leave a stray, and the end wait for it
    await lives.startFirsts(({ group }) =>
      policy(group, (name) => (handMade.applications.includes(name) ? '30s' : LATER), 'adopted'),
    );
    await poll('what was adopted to be rotated', 280_000, async () =>
      (await handMade.unrotated()).length === 0 ? true : undefined,
    );
    await lives.killRunning();
    await lives.startFirsts(atTheEnd);
    for (const name of applications) await poll(`${name} to be mapped anew`, 280_000, () => mappedAtTheEnd(name));
    await lives.killRunning();
    account.more['secrets adopted'] = handMade.applications.length;
    expect(await handMade.changed()).toEqual([]);
  });

  test('nobody was ever refused, and nothing is left behind or touched in the end', { timeout: 600_000 }, async () => {
    await lives.close(atTheEnd);
    expect(await handMade.changed()).toEqual([]);
    for (const name of applications) expect(await mappedAtTheEnd(name)).toBe(true);
    for (const name of handMade.applications) {
      expect((await findRecord(setting.vault, name)).data['note']).toBe('of somebody else');
    }
  });
});
