import { beforeAll, describe, expect, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import type { RecordJson } from './support/person.ts';
import { findRecord } from './support/record.ts';
import { arrangeCluster, INSTANCE } from './support/setting.ts';
import { Book, Story } from './support/story.ts';
import { PATIENCE_MS } from './support/workplace.ts';

/** What people do to a secret with Vault's own command line while a daemon looks after it, and how they get out again. */
const NAMES = [
  ...['newer', 'broken', 'edited', 'half-edited', 'overwritten', 'put-back', 'emptied'],
  ...['deleted', 'destroyed', 'destroyed-back', 'forgotten', 'retired', 'older', 'future'],
];

const scene = useScene();
let book: Book;

beforeAll(async () => {
  book = await Book.open(await arrangeCluster(scene, { ttl: '1h', maxTtl: '1h' }), 'records', NAMES);
});

/** As one that was written before these members were added. It must have had those that are not in every record. */
function stripped({ hold: _hold, written: _written, ...record }: RecordJson): unknown {
  expect(record.superseded).toMatchObject([{ shortened: true }]);
  return { ...record, superseded: record.superseded.map(({ shortened: _shortened, ...entry }) => entry) };
}

const JUNK = { access_key_id: 'AKIAWRONG', secret_access_key: 'typed-by-hand' };

describe.concurrent('a record that says something else than usual', { timeout: 2 * PATIENCE_MS }, () => {
  test('a retired application gets no credential until a person puts it back into service', async () => {
    const story = await Story.open(book, 'retired');
    const { credential_id: id } = await story.until({ event: 'credential.published' });
    await story.until({ event: 'rotation.done' });
    const { fields } = await story.person.read(story.path);
    const { credential, ...record } = JSON.parse(fields['rekeyd'] ?? '') as RecordJson;
    const { issued_at, ...names } = credential ?? {};
    const superseded = [{ ...names, revoke_at: issued_at, why: 'rotated' }];
    await story.person.overwrite(story.path, { rekeyd: JSON.stringify({ ...record, credential: null, superseded }) });
    // what is superseded still takes its course
    await story.until({ event: 'credential.revoked', credential_id: String(id) });
    await story.obey(await story.refused('retired'));
    await story.use();
    expect(await story.recovered()).toMatchObject({ state: 'current', generation: 2 });
    await story.end();
  });

  /**
   * There is only one version of rekeyd so far, so no older or newer one can write here. What is shown: this one goes
   * on from a record that lacks all that may be missing, and carries on what a newer one of the same `v` may add. What a
   * newer one makes of this one's records is not shown.
   */
  test('in a rolling upgrade, records with less and with more in them are both looked after, and nothing is lost', async () => {
    const older = await Story.managed(book, 'older');
    const future = await Story.managed(book, 'future');
    const leaked = await older.place.rekeyd('leaked', older.key.accessKeyId, '--grace', '8s', '--yes');
    expect(leaked.code, leaked.words).toBe(0);
    expect((await future.place.rekeyd('rotate', 'future')).code).toBe(0);
    await older.person.editRecord('older', stripped);
    const added = { sealed_by: 'a newer rekeyd', steps: [1, 2] };
    await future.person.editRecord('future', (record) => {
      const superseded = record.superseded.map((entry) => ({
        ...entry,
        revoke_at: null,
        why: 'merged',
        note: 'added later',
      }));
      return { ...record, ...added, superseded, credential: { ...record.credential, tier: 'cold' } };
    });
    for (const { place, name } of [older, future]) expect((await place.rekeyd('rotate', name)).code).toBe(0);
    for (const story of [older, future]) expect(await story.works()).toMatchObject({ generation: 3 });
    const { record } = await findRecord(book.setting.vault, 'future');
    expect(record).toMatchObject(added);
    const [merged] = record.superseded.filter(({ why }) => why === 'merged');
    expect(merged).toMatchObject({ revoke_at: null, note: 'added later' });
    expect(await book.setting.glesys.account.remove(INSTANCE, merged?.id ?? '')).toBe(true);
    expect((await findRecord(book.setting.vault, 'older')).record).toHaveProperty('written');
    for (const story of [older, future]) await story.end();
  });
});

describe.concurrent('a record that cannot be read', { timeout: 2 * PATIENCE_MS }, () => {
  test.each([
    ['newer', 'a newer rekeyd wrote', '{"v":2,"owner":"real-test"}'],
    ['broken', 'is no JSON', '{'],
  ])('%s: one that %s stops everything until an earlier version is brought back', async (name, _, rekeyd) => {
    const story = await Story.managed(book, name);
    await story.person.edit(name, { rekeyd });
    expect(await story.refused('record-unreadable')).toContain('vault kv rollback');
    expect((await story.place.rekeyd('rotate', name, '--despite', 'record-unreadable')).code).toBe(2);
    await story.person.rollBack(name, 1);
    expect(await story.recovered()).toMatchObject({ state: 'current', generation: 1 });
    await story.end();
  });
});

describe.concurrent('a secret that somebody edited', { timeout: 2 * PATIENCE_MS }, () => {
  test('is left as it is until it is rolled back, and then nothing has happened', async () => {
    const story = await Story.managed(book, 'edited');
    story.key.hold();
    await story.person.edit('edited', JUNK);
    expect(await story.refused('edited')).toContain('vault kv rollback');
    await story.person.rollBack('edited', 1);
    expect(await story.recovered()).toMatchObject({ state: 'current', generation: 1 });
    const late = await story.place.rekeyd('rotate', 'edited', '--despite', 'edited');
    expect(late.code).toBe(1);
    expect(late.words).toContain('nothing-to-lift');
    expect((await story.works()).generation).toBe(1);
    await story.end();
  });

  test('in one field gets a new credential over the edit where a person says so, and keeps what is not ours', async () => {
    const story = await Story.managed(book, 'half-edited');
    story.key.hold();
    await story.person.edit('half-edited', { endpoint: 'http://127.0.0.1:1', note: 'of somebody else' });
    await story.obey(await story.refused('edited'));
    expect(await story.recovered()).toMatchObject({ state: 'in-grace', generation: 2 });
    const { fields } = await story.person.read(story.path);
    expect(fields).toMatchObject({ endpoint: book.setting.s3.s3, note: 'of somebody else' });
    await story.end();
  });
});

describe.concurrent('a secret that somebody overwrote as a whole, record and all', { timeout: 2 * PATIENCE_MS }, () => {
  test('gets a new credential where a person says so; what was there before gets its grace', async () => {
    const story = await Story.managed(book, 'overwritten');
    story.key.hold();
    await story.person.overwrite(story.path, JUNK);
    const before = story.key.accessKeyId;
    await story.obey(await story.refused('unmanaged'));
    const { superseded } = await story.recovered();
    expect(superseded).toMatchObject([{ access_key_id: before, revoke_at: expect.any(String) }]);
    await story.end();
  });

  test('is as before once it is rolled back', async () => {
    const story = await Story.managed(book, 'put-back');
    story.key.hold();
    await story.person.overwrite(story.path, JUNK);
    expect(await story.refused('unmanaged')).toContain('vault kv rollback');
    await story.person.rollBack('put-back', 1);
    expect(await story.recovered()).toMatchObject({ state: 'current', generation: 1, superseded: [] });
    await story.end();
  });

  test('with nothing in it that is ours gets a new credential at once', async () => {
    const story = await Story.managed(book, 'emptied');
    const before = story.key.accessKeyId;
    story.key.hold();
    await story.person.overwrite(story.path, { note: 'of somebody else' });
    await story.until({ event: 'rotation.done', version: 3 });
    expect(await story.lives(before)).toBe(true);
    expect((await story.works()).superseded).toMatchObject([{ access_key_id: before }]);
    expect((await story.person.read(story.path)).fields).toMatchObject({ note: 'of somebody else' });
    await story.end();
  });
});

describe.concurrent('a secret that somebody took away', { timeout: 2 * PATIENCE_MS }, () => {
  test('deleted: it is as before once it is undeleted', async () => {
    const story = await Story.managed(book, 'deleted');
    story.key.hold();
    await story.person.kv('delete', [], story.path);
    expect(await story.refused('deleted')).toContain('vault kv undelete');
    await story.person.kv('undelete', ['-versions=1'], story.path);
    expect(await story.recovered()).toMatchObject({ state: 'current', generation: 1 });
    await story.end();
  });

  test('destroyed: undeleting does not help, a new credential does; what was there before gets its grace', async () => {
    const story = await Story.managed(book, 'destroyed');
    const before = story.key.accessKeyId;
    story.key.hold();
    await story.person.kv('destroy', ['-versions=1'], story.path);
    const remedy = await story.refused('deleted');
    await story.person.kv('undelete', ['-versions=1'], story.path);
    expect((await story.place.status('destroyed')).trouble?.code).toBe('deleted');
    await story.obey(remedy);
    expect((await story.recovered()).superseded).toMatchObject([{ access_key_id: before }]);
    await story.end();
  });

  test('destroyed: an earlier version brought back does, too', async () => {
    const story = await Story.managed(book, 'destroyed-back');
    await story.person.edit(story.name, { note: 'of somebody else' });
    story.key.hold();
    await story.person.kv('destroy', ['-versions=2'], story.path);
    expect(await story.refused('deleted')).toContain('vault kv rollback');
    await story.person.rollBack(story.name, 1);
    expect(await story.recovered()).toMatchObject({ state: 'current', generation: 1 });
    await story.end();
  });

  test('its metadata deleted while no replica ran: the path is as new, and what was there before gets its grace', async () => {
    const story = await Story.managed(book, 'forgotten');
    const before = story.key.accessKeyId;
    await story.stop();
    story.key.hold();
    await story.person.kv('metadata delete', [], story.path);
    await story.start();
    await story.until({ event: 'rotation.done', version: 1 });
    expect(await story.lives(before)).toBe(true);
    expect((await story.works()).superseded).toMatchObject([{ access_key_id: before }]);
    await story.end();
  });
});

test('nobody lost access, and nothing is left behind', async () => {
  expect([...book.refused].toSorted()).toEqual(['deleted', 'edited', 'record-unreadable', 'retired', 'unmanaged']);
  await book.close();
});
