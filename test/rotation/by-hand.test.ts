import { expect, test } from 'vitest';
import { revokeByHand, VETOES } from '../../src/rotation/by-hand.ts';
import { ASKED, failure, type Memory, settled } from './memory.ts';
import { INSTANCE } from './scene.ts';

/** A settled application, and a credential on its instance that nobody issued for it. */
async function arranged() {
  const { memory, replica } = await settled();
  const { id, accessKeyId } = memory.issuer.make('made by hand', 'id-9');
  const { applications, store, lists } = replica.world;
  const revoke = (of = { id, accessKeyId }) =>
    revokeByHand({ ...of, instance: INSTANCE }, { applications, store, lists, pace: async () => {} });
  return { memory, replica, accessKeyId, revoke };
}

test('a credential that stands in no secret is revoked', async () => {
  const { memory, revoke } = await arranged();
  expect(await revoke()).toBeUndefined();
  expect(memory.issuer.revoked).toEqual(['id-9']);
});

const cases: readonly [string, string, (memory: Memory, accessKeyId: string) => void][] = [
  ['still-used', 'a secret names it', (memory, key) => memory.put({ ...memory.secret, NOTE: `old: ${key}` })],
  [
    'path-unread',
    'a secret cannot be read',
    (memory) => {
      memory.store.read = () => Promise.reject(failure('ambiguous', 'vault-error'));
    },
  ],
  ['not-listed', 'the issuer no longer has it', (memory) => void memory.issuer.made.delete('id-9')],
];

test.each(cases)('%s: nothing is revoked where %s', async (code, _, prepare) => {
  const { memory, accessKeyId, revoke } = await arranged();
  prepare(memory, accessKeyId);
  expect(await revoke()).toMatchObject({ code });
  expect(memory.issuer.revoked).toEqual([]);
});

test('every veto has its test here', () => {
  expect(VETOES.map(({ code }) => code)).toEqual(cases.map(([code]) => code));
});

test('a current credential is never revoked, even where its field was taken out of the secret', async () => {
  const { memory, revoke } = await arranged();
  const { access_key_id: _, ...rest } = memory.secret;
  const current = { id: 'id-1', accessKeyId: memory.record.credential?.access_key_id ?? '' };
  memory.put(rest);
  expect(await revoke(current)).toMatchObject({ code: 'still-used' });
});

test('a superseded credential is no longer used by the record that names it', async () => {
  const { memory, replica, revoke } = await arranged();
  await replica.pass(ASKED);
  const [entry] = memory.record.superseded;
  expect(await revoke({ id: entry?.id ?? '', accessKeyId: entry?.access_key_id ?? '' })).toBeUndefined();
});
