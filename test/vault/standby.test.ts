import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { failureOf } from '../transport/failure.ts';
import { openedStore } from './open-store.ts';

const PATH = 'apps/a';
const DATA = new Secret({ a: 'b' });

/** A node that does not lead answers so when passing the request on fails, which the leader may have carried out. */
const REDIRECT = { status: 307, headers: { location: 'http://127.0.0.1:1/v1/elsewhere' }, body: '' };

describe('a Vault standby that sends on to a leader which it could not reach', () => {
  it('leaves open whether a write was done', async () => {
    const { vault, store } = await openedStore();
    vault.faults.add({ method: 'PUT', fault: 'status_after', ...REDIRECT });
    const error = await failureOf(store.write(PATH, DATA, 0));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 'vault-redirected', concerns: 'server' });
    expect(await store.read(PATH)).toMatchObject({ state: 'present', version: 1 });
  });

  it.each([
    ['the mount', '/v1/sys/internal/ui/mounts/'],
    ['the lifetime that the mount gives', '/v1/secret/config'],
    ['the lifetime that the path gives', '/v1/secret/metadata/'],
  ])('says nothing about %s', async (_what, path) => {
    const { vault, store } = await openedStore();
    vault.faults.add({ path, fault: 'status', ...REDIRECT });
    expect(await failureOf(store.standing(PATH, 0))).toMatchObject({ code: 'vault-redirected' });
    vault.faults.clear();
    expect(await store.standing(PATH, 0)).toMatchObject({ mount: 'kv-v2' });
  });
});
