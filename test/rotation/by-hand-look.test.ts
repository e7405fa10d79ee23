import { expect, test } from 'vitest';
import { revokeByHand } from '../../src/rotation/by-hand.ts';
import { Lists } from '../../src/rotation/lists.ts';
import type { StoredSecret } from '../../src/rotation/ports.ts';
import { failure, Memory, RESYNC_MS } from './memory.ts';
import { INSTANCE } from './scene.ts';

/** What is looked through before a credential is revoked by hand, and what is remembered of it. */

const read = ({ data }: { data: Record<string, unknown> }): StoredSecret => {
  const memory = new Memory();
  memory.put(data);
  const [version] = memory.versions;
  if (!version) throw new Error('nothing was put');
  return version;
};

/** Applications with these secrets, and a hand-made credential of the instance. */
function arranged(secrets: Readonly<Record<string, Record<string, unknown> | 'absent' | 'unread'>>) {
  const memory = new Memory();
  const { id, accessKeyId } = memory.issuer.make('made by hand', 'id-9');
  const lists = new Lists(new Map([[INSTANCE, memory.issuer]]), memory.clock, RESYNC_MS);
  const paces: number[] = [];
  const reads: string[] = [];
  const store = {
    read: async (path: string): Promise<StoredSecret> => {
      reads.push(path);
      const secret = secrets[path];
      if (secret === 'unread') throw failure('ambiguous', 'vault-error');
      if (secret === undefined || secret === 'absent') return { state: 'absent', version: 0, serverTime: 0 };
      return read({ data: secret });
    },
  };
  const applications = new Map(Object.keys(secrets).map((path) => [path, { name: `app-${path}`, path }]));
  const pace = async () => void paces.push(reads.length);
  const revoke = (more: { id?: string; accessKeyId?: string } = {}) =>
    revokeByHand({ id, accessKeyId, instance: INSTANCE, ...more }, { applications, store, lists, pace });
  return { memory, lists, accessKeyId, paces, reads, revoke };
}

const KEY = 'AK-os-ab123-9';
const record = (accessKeyId: string | null) =>
  JSON.stringify({
    v: 1,
    owner: 'acme',
    application: 'billing',
    place: '0a1b2c3d',
    generation: 1,
    by: 'replica-1',
    credential: accessKeyId && {
      id: 'id-1',
      access_key_id: accessKeyId,
      instance: INSTANCE,
      issued_at: '2026-03-01T00:00:00Z',
    },
    published_at: '2026-03-01T00:00:00Z',
    rotate_at: '2026-04-01T00:00:00Z',
    schedule: '{}',
    fields: {},
    endpoint: 'https://objects.example.net',
    region: 'dc-sto1',
    digest: 'a'.repeat(64),
    superseded: [],
  });

test.each([
  ['in a field', { a: { KEY } }],
  ['within the text of a field', { a: { note: `the old one is ${KEY}, keep it` } }],
  ['deep in a field', { a: { deep: { er: [KEY] } } }],
  ['as the name of a field', { a: { [KEY]: 'x' } }],
  ['as the current credential of a record alone', { a: { rekeyd: record(KEY) } }],
  ['in the second of three secrets', { a: { other: 'AK-1' }, b: { KEY }, c: 'absent' }],
] as const)('a key that stands %s is not revoked', async (_, secrets) => {
  const { memory, revoke } = arranged(secrets);
  const remedy = expect.stringContaining('take the key out of its secret');
  expect(await revoke()).toMatchObject({ code: 'still-used', remedy });
  expect(memory.issuer.revoked).toEqual([]);
});

test.each([
  ['nothing stands at the path', { a: 'absent' }],
  ['another key stands there', { a: { KEY: 'AK-os-ab123-1', rekeyd: record('AK-os-ab123-1') } }],
  ['the application is retired', { a: { rekeyd: record(null) } }],
  ['a record cannot be read and names no other field', { a: { rekeyd: `{"v":9,"note":"${KEY}"}` } }],
] as const)('a key is revoked where %s', async (_, secrets) => {
  const { memory, revoke } = arranged(secrets);
  expect(await revoke()).toBeUndefined();
  expect(memory.issuer.revoked).toEqual(['id-9']);
});

test('every secret is looked through, each after its pace, and all who use the key are named', async () => {
  const { paces, reads, revoke } = arranged({ a: { KEY }, b: 'absent', c: { KEY } });
  expect((await revoke())?.reason).toBe(`${KEY} stands in the secret of app-a, app-c`);
  expect(reads).toEqual(['a', 'b', 'c']);
  expect(paces).toEqual([0, 1, 2]);
});

test('of many who use the key five are named, and how many more there are', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const five = arranged(Object.fromEntries(names.slice(0, 5).map((name) => [name, { KEY }])));
  expect((await five.revoke())?.reason).toMatch(/of app-a, app-b, app-c, app-d, app-e$/);
  const seven = arranged(Object.fromEntries(names.map((name) => [name, { KEY }])));
  expect((await seven.revoke())?.reason).toMatch(/of app-a, app-b, app-c, app-d, app-e and 2 more$/);
});

test('every secret that could not be read is named, with why', async () => {
  const { memory, revoke } = arranged({ a: 'unread', b: { other: 'x' }, c: 'unread' });
  const problem = await revoke();
  expect(problem?.code).toBe('path-unread');
  expect(problem?.reason).toContain('app-a, app-c');
  expect(problem?.reason).toContain('it is vault-error');
  expect(problem?.remedy).toContain('rekeyd check');
  expect(memory.issuer.revoked).toEqual([]);
});

test('a key that is used is told so although another secret could not be read', async () => {
  const { revoke } = arranged({ a: 'unread', b: { KEY } });
  expect((await revoke())?.code).toBe('still-used');
});

test.each([
  ['the list has another key under that id', { accessKeyId: 'AK-other' }],
  ['the list has no such id', { id: 'id-77' }],
])('nothing is revoked where %s', async (_, more) => {
  const { memory, revoke } = arranged({ a: 'absent' });
  const problem = await revoke(more);
  expect(problem).toMatchObject({ code: 'not-listed', remedy: expect.stringContaining('nothing is left') });
  expect(problem?.reason).toContain(INSTANCE);
  expect(memory.issuer.revoked).toEqual([]);
});

test('the list is asked for anew, after the secrets were read', async () => {
  const { memory, lists, revoke } = arranged({ a: 'absent' });
  await lists.after(INSTANCE, lists.mark());
  memory.issuer.made.delete('id-9');
  expect(await revoke()).toMatchObject({ code: 'not-listed' });
});

test('a list from before the revocation no longer counts the key as alive', async () => {
  const { lists, revoke } = arranged({ a: 'absent' });
  const list = await lists.after(INSTANCE, lists.mark());
  expect(lists.wasRevokedSince(list, 'id-9')).toBe(false);
  await revoke();
  expect(lists.wasRevokedSince(list, 'id-9')).toBe(true);
});

test('an issuer that fails is told, and nothing is remembered as revoked', async () => {
  const { memory, lists, revoke } = arranged({ a: 'absent' });
  const list = await lists.after(INSTANCE, lists.mark());
  memory.issuer.revoke = () => Promise.reject(failure('ambiguous', 'issuer-unanswered'));
  await expect(revoke()).rejects.toMatchObject({ code: 'issuer-unanswered' });
  expect(lists.wasRevokedSince(list, 'id-9')).toBe(false);
});
