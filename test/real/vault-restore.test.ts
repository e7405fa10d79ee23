import { beforeAll, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type Account, openAccount } from './support/account.ts';
import { Consumers } from './support/consumers.ts';
import type { Daemon } from './support/daemon.ts';
import { applicationsOf, earlyRevocations } from './support/fleet.ts';
import { type Found, findRecord, pathOf } from './support/record.ts';
import type { S3Consumer } from './support/s3-consumer.ts';
import { arrangeCluster, type ClusterSetting, INSTANCE } from './support/setting.ts';
import { shownBy, untilLookedAgain, Workplace } from './support/workplace.ts';

/** Rotations between the backup and its restore, after which the backup's credential is dead. */
const DEAD = { 'dead-one': 1, 'dead-many': 3 } as const;
/** The same, where it is still in its grace. */
const IN_GRACE = { untouched: 0, 'grace-one': 1, 'grace-many': 2, 'grace-left': 2 } as const;
/** Came after the backup, which has nothing at its path. */
const LATER = 'added-later';
const EARLY = [...Object.keys(DEAD), ...Object.keys(IN_GRACE)];
const NAMES = [...EARLY, LATER];
/** Longer than a stray needs to be old enough, with its grace and the time that a noisy machine takes. */
const SETTLED_MS = 300_000;

const words = (graceOfLiving: string, more: readonly string[] = []) => ({
  defaults: { grace: '6s', verify: { timeout: '5s', successes: 1 } },
  applications: {
    ...applicationsOf(Object.keys(DEAD), { rotate: { every: '1h' } }),
    ...applicationsOf([...Object.keys(IN_GRACE), ...more], { rotate: { every: '1h' }, grace: graceOfLiving }),
  },
});

const scene = useScene();
let setting: ClusterSetting;
let workplace: Workplace;
let consumers: Consumers;
let account: Account;
let daemon: Daemon;
const daemons: Daemon[] = [];
let isReadingPaused = false;
/** Reads what was restored, alive or dead: nobody told it to wait. */
let hasty: S3Consumer;

beforeAll(async () => {
  setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  account = await openAccount(setting, 'vault-restore', NAMES);
  workplace = await Workplace.open(setting, 'restore', words('10m'));
  start();
  for (const application of EARLY) await daemon.until({ event: 'rotation.done', application });
  consumers = await Consumers.open(setting);
  account.watch(...EARLY.map((name) => consumers.reading(name, readingAddress)));
  for (const name of ['untouched', 'grace-one', 'grace-many']) account.watch(await consumers.withAgent(name));
  hasty = await consumers.withAgent('dead-many');
});

function start(): void {
  daemon = workplace.daemon();
  daemons.push(daemon);
}

/** While Vault is being restored its readers wait, as they are told to, and go on with what they have. */
function readingAddress(): string {
  if (isReadingPaused) throw new Error('Vault is being restored');
  return setting.vault.address;
}

async function rotate(application: string, ...flags: readonly string[]): Promise<void> {
  // its exit code may also tell of a revocation in which the daemon was faster
  const { code, words: said } = await workplace.rekeyd('rotate', application, ...flags);
  if (!said.includes('1 of 1 rotated')) throw new Error(`rotate ${application} ended with ${code}:\n${said}`);
}

async function rotateOften(often: Readonly<Record<string, number>>): Promise<void> {
  for (const [application, times] of Object.entries(often)) {
    for (let turn = 0; turn < times; turn += 1) await rotate(application);
  }
}

/** Asks again where a cluster that was just restored does not answer yet. */
const found = (application: string): Promise<Found> =>
  poll(`what stands at ${application}`, 60_000, () => findRecord(setting.vault, application));

/** `none` where there is no secret. */
async function currentKey(application: string): Promise<string> {
  const status = await poll(`Vault to answer for ${application}`, 60_000, async () => {
    const answer = await setting.vault.ask('GET', `secret/data/${pathOf(application)}`);
    return answer.status === 200 || answer.status === 404 ? answer.status : undefined;
  });
  return status === 404 ? 'none' : ((await found(application)).record.credential?.access_key_id ?? 'none');
}

async function currentKeys(): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await currentKey(name)])));
}

/** What the IAM accepts now. */
const living = (): Promise<ReadonlySet<string>> => setting.ring.liveAccessKeyIds();

async function superseded(application: string): Promise<readonly { why: string; revoke_at: string | null }[]> {
  return (await found(application)).record.superseded;
}

/** What the record has as from beyond the backup, in order. */
async function keysBehind(application: string): Promise<readonly string[]> {
  const { record } = await found(application);
  return record.superseded.filter(({ why }) => why === 'behind').map(({ access_key_id }) => access_key_id);
}

describe('a Vault restored from a backup while rekeyd was down', () => {
  /** By application: what Vault held when the backup was made, and right before it was restored. */
  let backedUp: Readonly<Record<string, string>>;
  let beforeRestore: Readonly<Record<string, string>>;

  test('the backup is older than what lives', async () => {
    backedUp = await currentKeys();
    const snapshot = await setting.vault.snapshot();
    await rotateOften(DEAD);
    await poll('the backup to hold dead secrets', 120_000, async () => {
      const live = await living();
      return Object.keys(DEAD).every((name) => !live.has(backedUp[name] ?? '')) ? true : undefined;
    });
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    await rotateOften(IN_GRACE);
    await workplace.write(words('10m', [LATER]));
    await rotate(LATER);
    const later = consumers.reading(LATER, readingAddress);
    account.watch(later);
    await poll('the new application to use its key', 60_000, async () => (later.used.length > 0 ? true : undefined));
    beforeRestore = await currentKeys();
    const live = await living();
    for (const name of Object.keys(IN_GRACE)) expect(live).toContain(backedUp[name]);
    isReadingPaused = true;
    await setting.vault.restore(snapshot);
    expect(await currentKeys()).toEqual(backedUp);
  }, 420_000);

  test('where the restored secret is dead a new one is published, and nothing that was in use is revoked', async () => {
    await workplace.write(words('20s', [LATER]));
    start();
    for (const application of Object.keys(DEAD)) {
      await daemon.until({ event: 'rotation.done', application, why: 'gone' });
    }
    await daemon.until({ event: 'rotation.done', application: LATER, why: 'first' });
    isReadingPaused = false;
    const live = await living();
    for (const name of NAMES) expect(live).toContain(beforeRestore[name]);
    for (const name of [...Object.keys(DEAD), LATER]) expect(live).toContain(await currentKey(name));
    expect(await found('dead-one')).toMatchObject({ record: { generation: 2 } });
    // one more than the highest that is alive, so that no generation is given twice
    expect(await found('dead-many')).toMatchObject({ record: { generation: 5 } });
    expect(await keysBehind('dead-many')).toContain(beforeRestore['dead-many']);
  });

  test('whoever read the dead secret is given the new one, and was refused with nothing else', async () => {
    const key = await currentKey('dead-many');
    await poll('its agent to bring the new key', 60_000, async () => (hasty.used.at(-1) === key ? true : undefined));
    await hasty.stop();
    for (const { accessKeyId } of hasty.refusals) expect(accessKeyId).toBe(backedUp['dead-many']);
    account.more['refusals by the restored dead secret, rekeyd being down'] = hasty.refusals.length;
  });

  test('where it works and newer ones live nothing is touched, and everything says so', async () => {
    for (const application of ['grace-many', 'grace-left']) {
      const refusal = await daemon.until({ event: 'application.refused', application });
      expect(refusal).toMatchObject({ code: 'behind', remedy: expect.stringContaining('--despite behind') });
      const { version } = await found(application);
      await untilLookedAgain(daemon, application, 3);
      for (const shown of [await shownBy(daemon, application), await workplace.status(application)]) {
        expect(shown).toMatchObject({ state: 'refused', generation: 1, trouble: { code: 'behind' } });
        expect(shown.trouble?.reason).toContain(beforeRestore[application]);
      }
      expect(await found(application)).toMatchObject({ version, record: { generation: 1 } });
    }
  });

  test('where it works and at most one newer one lives it goes on as if nothing had happened', async () => {
    for (const application of ['untouched', 'grace-one']) {
      const shown = await shownBy(daemon, application);
      expect(shown).toMatchObject({ generation: 1, current: { access_key_id: backedUp[application] } });
      expect(shown.trouble).toBeUndefined();
    }
  });

  test('a person who decides gets a new credential, and the newer ones are shown until they revoke them', async () => {
    await rotate('grace-many', '--despite', 'behind');
    expect(await found('grace-many')).toMatchObject({ record: { generation: 4 } });
    const keys = await keysBehind('grace-many');
    expect(keys).toHaveLength(2);
    expect(keys).toContain(beforeRestore['grace-many']);
    for (const { why, revoke_at } of await superseded('grace-many')) expect(revoke_at === null).toBe(why === 'behind');
    await daemon.until({ event: 'application.notice', application: 'grace-many', code: 'behind-still-live' });
    const [notice] = (await workplace.status('grace-many')).notices;
    for (const key of keys) expect(notice?.reason).toContain(key);
  });

  test('what is neither in use nor waits for a person is gone after its grace', { timeout: 400_000 }, async () => {
    const kept = new Set([
      ...Object.values(await currentKeys()),
      ...(await keysBehind('dead-many')),
      ...(await keysBehind('grace-many')),
    ]);
    const strays = await account.strays();
    const waiting = strays.filter(({ description }) => description.includes('/grace-left/'));
    expect(waiting).toHaveLength(2);
    for (const { accessKeyId } of waiting) kept.add(accessKeyId);
    await poll('only what waits for a person to be left', SETTLED_MS, async () =>
      (await account.strays()).every(({ accessKeyId }) => kept.has(accessKeyId)) ? true : undefined,
    );
    const entered = daemon.lines({ event: 'strays.entered' }).map((line) => line['access_key_id']);
    expect(entered.toSorted()).toEqual([beforeRestore['dead-one'], beforeRestore['grace-one']].toSorted());
    const live = await living();
    for (const key of kept) expect(live).toContain(key);
    expect(await shownBy(daemon, 'grace-left')).toMatchObject({ state: 'refused', trouble: { code: 'behind' } });
  });

  test('in the end nobody was refused, nothing is left over, and nothing foreign was touched', async () => {
    await rotate('grace-left', '--despite', 'behind');
    for (const application of ['dead-many', 'grace-many', 'grace-left']) await revokeInControlPanel(application);
    await account.settled(60_000);
    for (const application of ['dead-many', 'grace-many', 'grace-left']) {
      await poll(`no notice about ${application}`, 60_000, async () =>
        (await shownBy(daemon, application)).notices.length === 0 ? true : undefined,
      );
    }
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    expect(earlyRevocations(daemons)).toEqual([]);
    await account.close();
  });

  async function revokeInControlPanel(application: string): Promise<void> {
    const { record } = await found(application);
    const behind = record.superseded.filter(({ why }) => why === 'behind');
    expect(behind.length).toBeGreaterThan(0);
    for (const { id } of behind) expect(await setting.glesys.account.remove(INSTANCE, id)).toBe(true);
  }
});
