import { beforeAll, describe, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { answersTo } from './support/audit.ts';
import { Consumers } from './support/consumers.ts';
import type { Daemon } from './support/daemon.ts';
import { applicationsOf, earlyRevocations, namesOf, untilEachRotated, untilRotated } from './support/fleet.ts';
import { arrangeCluster, type ClusterSetting, type PolicyParts, run } from './support/setting.ts';
import { revokeTokensOf } from './support/tokens.ts';

const NAMES = namesOf(16);
/** What shows that they go on; that each application does is looked at in the end. */
const SOME = 4;
/** The grace is longer than any of these outages with the pause that an agent takes after it. */
const policy = (every: string): PolicyParts => ({
  defaults: { grace: '30s', verify: { timeout: '5s', successes: 2 } },
  applications: applicationsOf(NAMES, { rotate: { every } }),
});
/** Longer than a stray needs to be old enough, with its grace and the time that a noisy machine takes. */
const SETTLED_MS = 300_000;

const scene = useScene();
let setting: ClusterSetting;
let account: Account;
let daemon: Daemon;

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  account = await openAccount(setting, 'vault-outages', NAMES);
  daemon = await run(setting, 'rekeyd', policy('32s'));
  for (const application of NAMES) await daemon.until({ event: 'rotation.done', application });
  const consumers = await Consumers.open(setting);
  account.watch(...NAMES.map((name) => consumers.reading(name)));
  account.watch(await consumers.withAgent('app-01'), await consumers.withAgent('app-02'));
});

/** How often rekeyd got a token, by Vault's own audit log. */
async function logins(): Promise<number> {
  const answers = await answersTo(setting.vault, 'rekeyd');
  return answers.filter(({ path, error }) => path === 'auth/approle/login' && error === '').length;
}

/** All nodes are there again, and rotations go on as before. */
async function goesOn(): Promise<void> {
  await setting.vault.whole();
  await untilRotated(daemon, SOME);
}

describe('a cluster of three Vaults with outages', () => {
  test('rotations go on after its leader was killed and another one was elected', { timeout: 300_000 }, async () => {
    const leader = await setting.vault.leader();
    await leader.kill();
    account.kills += 1;
    expect((await setting.vault.leader()).name).not.toBe(leader.name);
    await untilRotated(daemon, SOME);
    await setting.vault.revive(leader);
    await goesOn();
  });

  test('rotations go on after its leader froze, another one was elected, and it came back', async () => {
    const leader = await setting.vault.leader();
    leader.freeze();
    account.more['nodes frozen'] = 1;
    expect((await setting.vault.leader()).name).not.toBe(leader.name);
    await untilRotated(daemon, 2);
    leader.thaw();
    await goesOn();
  });

  test('rotations go on after all of it was sealed and unsealed', async () => {
    await setting.vault.seal();
    account.more['seals'] = 1;
    await daemon.until({ event: 'circuit.opened', server: 'Vault' });
    await setting.vault.unseal();
    await goesOn();
  });

  test('rotations go on while a follower is frozen, and after', async () => {
    const [follower] = await setting.vault.followers();
    follower?.freeze();
    account.more['nodes frozen'] = 2;
    await untilRotated(daemon, SOME);
    follower?.thaw();
    await goesOn();
  });

  test('a new login follows after its token was revoked, and rotations go on', async () => {
    const before = await logins();
    expect(await revokeTokensOf(setting.vault, 'rekeyd')).toBeGreaterThan(0);
    account.more['revoked tokens'] = 1;
    await goesOn();
    expect(await logins()).toBe(before + 1);
  });

  test('in the end nobody was refused, nothing is left over, and nothing foreign was touched', {
    timeout: 400_000,
  }, async () => {
    await untilEachRotated(daemon, NAMES, SETTLED_MS);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    const slow = await run(setting, 'rekeyd-slow', policy('1h'));
    await account.settled(SETTLED_MS);
    expect(await slow.stop()).toEqual({ code: 0, signal: null });
    expect(earlyRevocations([daemon, slow])).toEqual([]);
    await account.close();
  });
});
