import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatMarker } from '../../src/rotation/marker.ts';
import { REFUSALS } from '../../src/rotation/refusals.ts';
import { useScene } from '../support/scene.ts';
import { findRecord, pathOf } from './support/record.ts';
import { arrangeCluster, INSTANCE } from './support/setting.ts';
import { Book, Story } from './support/story.ts';
import { PATIENCE_MS, untilNoticed } from './support/workplace.ts';

/** Secrets, applications and instances that people move, rename, copy, restore and take over, and how they get out again. */
const NAMES = [
  ...['behind', 'original', 'copy', 'moved', 'elsewhere', 'renamed', 'mistyped', 'relocated'],
  ...['hand-made', 'replaced', 'beside', 'nothing-there', 'started-anew', 'wrong-path', 'unpublished'],
];
const OTHER_INSTANCE = 'os-real2';

const scene = useScene();
let book: Book;

beforeAll(async () => {
  const setting = await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' });
  setting.glesys.account.addInstance(OTHER_INSTANCE);
  book = await Book.open(setting, 'moves', NAMES);
});

/** A person presses the button in the control panel, as the remedy says. */
async function revokeByHand(accessKeyId: string, instance = INSTANCE): Promise<void> {
  const { account } = book.setting.glesys;
  const found = account.credentials(instance).find((one) => one.accessKeyId === accessKeyId);
  expect(await account.remove(instance, found?.id ?? '')).toBe(true);
}

/** A person types the command of the remedy. */
async function revoke(story: Story, accessKeyId: string): Promise<void> {
  expect(await story.place.rekeyd('revoke', 'sto1', accessKeyId, '--yes')).toMatchObject({ code: 0 });
}

/** A secret that somebody made by hand, with a key from the control panel. Returns its access key id. */
async function makeByHand(path: string): Promise<string> {
  const { accessKeyId, secretAccessKey } = await book.setting.glesys.account.create(INSTANCE, 'made by hand');
  const { s3, region } = book.setting.s3;
  const fields = { access_key_id: accessKeyId, secret_access_key: secretAccessKey, endpoint: s3, region };
  await book.person.overwrite(path, { ...fields, note: 'of somebody else' });
  return accessKeyId;
}

describe.concurrent('a record that does not fit', { timeout: 2 * PATIENCE_MS }, () => {
  test('an older version brought back although newer credentials live: refused until a person decides', async () => {
    const story = await Story.managed(book, 'behind', { grace: '30m' });
    const used = [story.key.accessKeyId];
    for (const generation of [2, 3]) {
      expect((await story.place.rekeyd('rotate', 'behind')).code).toBe(0);
      expect((await story.works()).generation).toBe(generation);
      used.push(story.key.accessKeyId);
    }
    await story.person.rollBack('behind', 1);
    await story.obey(await story.refused('behind'));
    expect(await story.recovered()).toMatchObject({ generation: 4 });
    for (const key of used) expect(await story.lives(key)).toBe(true);
    const { remedy } = await untilNoticed(story.daemon, 'behind', 'behind-still-live', used.slice(1));
    expect(remedy).toContain('(rekeyd revoke ISSUER ACCESS_KEY_ID)');
    for (const key of used.slice(1)) await revoke(story, key);
    await endGraces(story);
    await story.end();
  });

  test('an application with a new name is taken over by the old one that the remedy names', async () => {
    const before = await Story.managed(book, 'old-name', { path: pathOf('renamed') });
    await before.stop();
    const story = await Story.open(book, 'renamed');
    await story.use();
    const remedy = await story.refused('not-ours');
    const [, adopt] = /set adopt: (\S+)\. /.exec(remedy) ?? [];
    await story.restart({ adopt });
    await story.until({ event: 'credential.adopted' });
    expect((await findRecord(book.setting.vault, 'renamed')).record.credential).toMatchObject({ adopted: true });
    await story.works();
    expect(story.key.accessKeyId).toBe(before.key.accessKeyId);
    expect((await story.place.rekeyd('rotate', 'renamed')).code).toBe(0);
    await before.key.readAnew();
    await story.works();
    await revokeAdopted(story);
    await story.end();
  });

  test('a path for which four credentials were issued and none published: one more takes them all into its record', async () => {
    const { account } = book.setting.glesys;
    const place = await placeOf(pathOf('unpublished'));
    const strays: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      const attemptedAt = Date.now() - 3_600_000 - (Date.now() % 1_000);
      const bearer = { owner: 'real-test', application: 'unpublished', place };
      const marker = formatMarker({ ...bearer, generation: 1, attemptedAt, nonce: randomBytes(4).toString('hex') });
      strays.push((await account.create(INSTANCE, marker)).accessKeyId);
    }
    const story = await Story.open(book, 'unpublished');
    const remedy = await story.refused('strays-full');
    const check = await story.place.rekeyd('check');
    expect(check.words).toContain('strays-full');
    expect(check.code).toBe(1);
    await story.obey(remedy);
    await story.use();
    const { superseded } = await story.recovered();
    expect(new Set(superseded.map((entry) => entry.access_key_id))).toEqual(new Set(strays));
    await story.end();
  });
});

describe.concurrent('a secret at another path', { timeout: 2 * PATIENCE_MS }, () => {
  test("copied to another application's path: that one gets its own, and the original goes on", async () => {
    const original = await Story.managed(book, 'original');
    const { fields } = await book.person.read(original.path);
    await book.person.overwrite(pathOf('copy'), fields);
    const copy = await Story.open(book, 'copy');
    const remedy = await copy.refused('not-ours');
    expect(remedy).toContain('--despite not-ours --despite copied');
    await copy.use();
    await copy.obey(remedy);
    await copy.recovered();
    expect(copy.key.accessKeyId).not.toBe(original.key.accessKeyId);
    await untilNoticed(copy.daemon, 'copy', 'adopted-still-live', [original.key.accessKeyId]);
    expect((await original.place.rekeyd('rotate', 'original')).code).toBe(0);
    expect(await original.works()).toMatchObject({ generation: 2 });
    for (const story of [original, copy]) await story.end();
  });

  test('copied to where the application has moved in the policy: it gets a new one there', async () => {
    const story = await Story.managed(book, 'moved', { path: 'apps/moved/before' });
    const before = story.key.accessKeyId;
    const { fields } = await book.person.read(story.path);
    await book.person.overwrite(pathOf('moved'), fields);
    await story.restart({ path: pathOf('moved') });
    await story.obey(await story.refused('copied'));
    await story.recovered();
    const { remedy } = await untilNoticed(story.daemon, 'moved', 'adopted-still-live', [before]);
    expect(remedy).toContain('(rekeyd revoke ISSUER ACCESS_KEY_ID)');
    await revoke(story, before);
    await story.end();
  });

  test('where the application has moved in the policy there is none yet: it gets one, and the old one lives on', async () => {
    const story = await Story.managed(book, 'elsewhere', { path: 'apps/elsewhere/before' });
    const before = story.key.accessKeyId;
    story.key.hold();
    await story.restart({ path: pathOf('elsewhere') });
    await story.until({ event: 'rotation.done', version: 1 });
    expect(await story.lives(before)).toBe(true);
    await story.works();
    expect(await story.lives(before)).toBe(true);
    await revokeByHand(before);
    await story.end();
  });
});

/** A person shortens what is left of an application's graces. */
async function endGraces(story: Story): Promise<void> {
  await book.person.editRecord(story.name, (record) => {
    const revoke_at = new Date().toISOString();
    const superseded = record.superseded.map((entry) =>
      entry['revoke_at'] === null ? entry : { ...entry, revoke_at },
    );
    return { ...record, superseded };
  });
}

/** An adopted key lives until a person has seen the notice and revokes it. */
async function revokeAdopted(story: Story): Promise<void> {
  const { reason } = await untilNoticed(story.daemon, story.name, 'adopted-still-live');
  const [key = ''] = /AKIA\w+/.exec(reason) ?? [];
  expect(await story.lives(key)).toBe(true);
  await revokeByHand(key);
}

describe.concurrent('another instance in the policy', { timeout: 2 * PATIENCE_MS }, () => {
  test('by mistake: as before once it is corrected', async () => {
    const story = await Story.managed(book, 'mistyped');
    await story.restart({}, { issuer: { instance: OTHER_INSTANCE } });
    expect(await story.refused('instance-changed')).toContain('Correct the instance in the policy');
    await story.restart({}, { issuer: {} });
    expect(await story.works()).toMatchObject({ state: 'current', generation: 1 });
    await story.end();
  });

  test('on purpose: it moves over, and the old credential goes once the policy names its instance again', async () => {
    const story = await Story.managed(book, 'relocated', { grace: '2s' }, { issuer: { instance: OTHER_INSTANCE } });
    const before = story.key.accessKeyId;
    await story.restart({}, { issuer: {} });
    const remedy = await story.refused('instance-changed');
    await story.obey(remedy);
    await story.recovered();
    await untilNoticed(story.daemon, 'relocated', 'instance-unnamed', [before]);
    expect(await story.lives(before)).toBe(true);
    expect(remedy).toContain('Keep an issuer with the old instance in the policy');
    await story.restart({}, { moreIssuers: { old: { instance: OTHER_INSTANCE } } });
    await story.until({ event: 'credential.revoked', access_key_id: before });
    expect(book.setting.glesys.account.credentials(OTHER_INSTANCE)).toEqual([]);
    await story.end();
  });
});

describe.concurrent('a secret that somebody made by hand', { timeout: 2 * PATIENCE_MS }, () => {
  test('is taken over where the policy says so; its key lives until a person revokes it', async () => {
    const key = await makeByHand(pathOf('hand-made'));
    const story = await Story.open(book, 'hand-made');
    await story.use();
    expect(await story.refused('unmanaged')).toContain('set adopt: true');
    await story.restart({ adopt: true });
    await story.until({ event: 'credential.adopted', access_key_id: key });
    expect(await story.works()).toMatchObject({ generation: 1, current: { access_key_id: key, adopted: true } });
    expect((await story.place.rekeyd('rotate', 'hand-made')).code).toBe(0);
    await story.works();
    expect((await book.person.read(story.path)).fields).toMatchObject({ note: 'of somebody else' });
    await revokeAdopted(story);
    await story.end();
  });

  test('is replaced where a person says so; its key lives on untouched', async () => {
    const key = await makeByHand(pathOf('replaced'));
    const story = await Story.open(book, 'replaced');
    await story.use();
    await story.obey(await story.refused('unmanaged'));
    await story.recovered();
    expect(story.key.accessKeyId).not.toBe(key);
    expect(await story.lives(key)).toBe(true);
    await story.end();
  });

  test('keeps its fields where the policy names others', async () => {
    const key = await makeByHand(pathOf('beside'));
    const story = await Story.open(book, 'beside');
    expect(await story.refused('unmanaged')).toContain('other field names');
    await story.restart({ fields: { KEY: '{access_key_id}', SECRET: '{secret_access_key}' } });
    await story.until({ event: 'rotation.done' });
    const { fields } = await book.person.read(story.path);
    expect(fields).toMatchObject({ access_key_id: key, note: 'of somebody else' });
    expect(await story.lives(fields['KEY'] ?? '')).toBe(true);
    await story.end();
  });
});

describe.concurrent('an adoption with nothing to adopt', { timeout: 2 * PATIENCE_MS }, () => {
  test('issues where the policy says adopt: false', async () => {
    const story = await Story.open(book, 'nothing-there', { adopt: true });
    expect(await story.refused('not-adoptable')).toContain('set adopt: false');
    await story.restart({ adopt: false });
    await story.until({ event: 'rotation.done' });
    await story.use();
    await story.works();
    await story.end();
  });

  test('issues where a person says so', async () => {
    const story = await Story.open(book, 'started-anew', { adopt: true });
    await story.obey(await story.refused('not-adoptable'));
    await story.use();
    await story.recovered();
    await story.end();
  });

  test('adopts once the path is corrected', async () => {
    const key = await makeByHand(pathOf('wrong-path'));
    const story = await Story.open(book, 'wrong-path', { adopt: true, path: 'apps/wrong-paht/s3' });
    expect(await story.refused('not-adoptable')).toContain('Correct path');
    await story.restart({ path: pathOf('wrong-path') });
    await story.until({ event: 'credential.adopted', access_key_id: key });
    await story.use();
    await story.works();
    expect((await story.place.rekeyd('rotate', 'wrong-path')).code).toBe(0);
    await story.works();
    await revokeAdopted(story);
    await story.end();
  });
});

/** What tells this path of this Vault from all others. */
async function placeOf(path: string): Promise<string> {
  const { body } = await book.setting.vault.ask('GET', 'sys/health');
  const { cluster_id } = body as { cluster_id?: string };
  return createHash('sha256')
    .update(JSON.stringify([cluster_id, '', 'secret', path]))
    .digest('hex')
    .slice(0, 8);
}

/** The refusals that records.test.ts shows. */
const SHOWN_ELSEWHERE = ['deleted', 'edited', 'record-unreadable', 'retired'];

test('every refusal was shown, nobody lost access, and nothing is left behind', async () => {
  expect(new Set([...book.refused, ...SHOWN_ELSEWHERE])).toEqual(new Set(REFUSALS.map(({ code }) => code)));
  await book.close();
});
