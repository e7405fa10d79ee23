import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VaultPolicy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import { secretSource } from '../../src/policy/secrets.ts';
import type { SecretData, StoredSecret } from '../../src/rotation/ports.ts';
import { openVaultStore, type VaultStore } from '../../src/vault/store.ts';
import { PlainVault, until } from './vault-client.ts';
import type { VaultUnderContract } from './vault-contract.ts';

const clock = { now: () => Date.now(), sleep: (ms: number) => setTimeout(ms) };
const HOUR = 3_600_000;

/** What SecretStore promises, with a token that has no more rights than config/vault-policy.hcl gives. */
export function storeContract(name: string, open: () => Promise<VaultUnderContract>): void {
  describe(`store contract: ${name}`, () => {
    const unique = randomBytes(4).toString('hex');
    const opened: VaultStore[] = [];
    let under: VaultUnderContract;
    let vault: PlainVault;
    let paths = 0;

    const fresh = () => `apps/p${++paths}`;
    const secret = (fields: SecretData) => new Secret<SecretData>(fields);

    /** A KV engine of its own with the shipped policy written for it. */
    async function mountWithPolicy(mount: string, version: 1 | 2): Promise<void> {
      await vault.must('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: String(version) } });
      const shipped = await readFile(new URL('../../config/vault-policy.hcl', import.meta.url), 'utf8');
      await vault.must('PUT', `sys/policies/acl/${mount}`, { policy: shipped.replaceAll('"secret/', `"${mount}/`) });
      if (version === 2)
        await until(
          () => vault.get(`${mount}/config`),
          (said) => said.status === 200,
        );
    }

    async function storeOn(mount: string, policies: string[], more: Partial<VaultPolicy> = {}): Promise<VaultStore> {
      const made = await vault.must('POST', 'auth/token/create', { policies, ttl: '1h' });
      const token = { made: new Secret(String(made.body?.auth?.['client_token'])) };
      const policy = { address: under.address, mount, auth: { method: 'token', token }, ...more } as const;
      const store = openVaultStore(policy, { clock, secretOf: secretSource });
      opened.push(store);
      return store;
    }

    const kv = `store-${unique}`;
    let store: VaultStore;

    beforeAll(async () => {
      under = await open();
      vault = new PlainVault(under.address, under.rootToken);
      await mountWithPolicy(kv, 2);
      store = await storeOn(kv, [kv]);
    });
    afterAll(async () => {
      for (const one of opened) await one.close();
      await under.close?.();
    });

    async function present(path: string): Promise<StoredSecret & { state: 'present' }> {
      const stored = await store.read(path);
      if (stored.state !== 'present') throw new Error(`${path} is ${stored.state}`);
      return stored;
    }

    describe('read and write', () => {
      it('a path that never was is absent, and its first version is written against 0', async () => {
        const path = fresh();
        expect(await store.read(path)).toMatchObject({ state: 'absent', version: 0 });
        expect(await store.write(path, secret({ a: 'b' }), 0)).toEqual({ version: 1 });
      });

      it('what was written is read with its version and times', async () => {
        const path = fresh();
        const before = Date.now();
        await store.write(path, secret({ a: 'b', n: 7, list: [1, { x: null }], ö: '😀' }), 0);
        const stored = await present(path);
        expect(stored.data.reveal()).toEqual({ a: 'b', n: 7, list: [1, { x: null }], ö: '😀' });
        expect(stored).toMatchObject({ version: 1 });
        expect(stored).not.toHaveProperty('expiresAt');
        expect(Math.abs(stored.createdAt - before)).toBeLessThan(30_000);
        expect(Math.abs(stored.serverTime - before)).toBeLessThan(30_000);
      });

      it("somebody else's fields survive being read and written back, whatever they are called and hold", async () => {
        const path = fresh();
        const text = '{"data":{"big":12345678901234567890,"one":1.0,"e":1e3,"__proto__":{"p":1},"u":"\\u2028<&>"}}';
        await vault.ask('PUT', `${kv}/data/${path}`, text);
        const first = await vault.get(`${kv}/data/${path}`);
        const stored = await present(path);
        await store.write(path, stored.data, stored.version);
        const second = await vault.get(`${kv}/data/${path}`);
        expect(second.body?.data?.['data']).toEqual(first.body?.data?.['data']);
        expect(Object.hasOwn(stored.data.reveal(), '__proto__')).toBe(true);
      });

      it.each([0, 2])(
        'a write against version %i of a path at version 1 is a conflict and changes nothing',
        async (version) => {
          const path = fresh();
          await store.write(path, secret({ a: 'first' }), 0);
          await expect(store.write(path, secret({ a: 'second' }), version)).rejects.toMatchObject({
            name: 'PortError',
            kind: 'rejected',
            code: 'conflict',
            concerns: 'request',
          });
          expect((await present(path)).data.reveal()).toEqual({ a: 'first' });
        },
      );

      it('a deleted version is deleted, and the next is written against it', async () => {
        const path = fresh();
        await store.write(path, secret({ a: 'b' }), 0);
        await vault.must('DELETE', `${kv}/data/${path}`);
        expect(await store.read(path)).toMatchObject({ state: 'deleted', version: 1 });
        expect(await store.write(path, secret({ a: 'c' }), 1)).toEqual({ version: 2 });
      });

      it('a destroyed version is deleted', async () => {
        const path = fresh();
        await store.write(path, secret({ a: 'b' }), 0);
        await vault.must('PUT', `${kv}/destroy/${path}`, { versions: [1] });
        expect(await store.read(path)).toMatchObject({ state: 'deleted', version: 1 });
      });

      it('a version with a lifetime says when it ends, and is expired then', async () => {
        const path = fresh();
        await vault.must('POST', `${kv}/metadata/${path}`, { delete_version_after: '1s' });
        const written = await store.write(path, secret({ a: 'b' }), 0);
        expect(written.expiresAt).toBeGreaterThan(Date.now() - 30_000);
        await until(
          () => vault.get(`${kv}/data/${path}`),
          (said) => said.status === 404,
        );
        expect(await store.read(path)).toMatchObject({ state: 'expired', version: 1 });
        expect(await store.write(path, secret({ a: 'c' }), 1)).toMatchObject({ version: 2 });
      });

      it('a version with a lifetime that somebody deletes before is deleted, not expired', async () => {
        const path = fresh();
        await vault.must('POST', `${kv}/metadata/${path}`, { delete_version_after: '1h' });
        const { expiresAt } = await store.write(path, secret({ a: 'b' }), 0);
        expect(await present(path)).toMatchObject({ expiresAt });
        await vault.must('DELETE', `${kv}/data/${path}`);
        expect(await store.read(path)).toMatchObject({ state: 'deleted', version: 1 });
      });

      it('a path with characters that URLs use otherwise is that path and no other', async () => {
        const path = `${fresh()}/a b%2f+ö`;
        await store.write(path, secret({ a: 'b' }), 0);
        const listed = await vault.get(`${kv}/metadata/${path.slice(0, path.lastIndexOf('/'))}?list=true`);
        expect(listed.body?.data?.['keys']).toEqual(['a b%2f+ö']);
        expect(await present(path)).toMatchObject({ version: 1 });
      });

      it('a path beyond the rights of the token is a definite no that names the policy', async () => {
        const error = { kind: 'rejected', code: 'vault-permission-denied', concerns: 'request' };
        await expect(store.read('elsewhere/a')).rejects.toMatchObject(error);
        await expect(store.write('elsewhere/a', secret({}), 0)).rejects.toMatchObject({
          ...error,
          remedy: expect.stringContaining('config/vault-policy.hcl'),
        });
      });

      it('a mount that does not exist is no empty path', async () => {
        const root = await storeOn(`none-${unique}`, ['root']);
        await expect(root.read(fresh())).rejects.toMatchObject({ kind: 'rejected', code: 'vault-mount-unknown' });
      });
    });

    describe('standing', () => {
      it('tells that a path of a KV v2 engine may be created, read and updated, and for how long', async () => {
        const standing = await store.standing(fresh(), 60_000);
        expect(standing).toMatchObject({ mount: 'kv-v2', namespace: 'none', lifetimeMs: Number.POSITIVE_INFINITY });
        expect([...standing.capabilities].sort()).toEqual(['create', 'read', 'update']);
        expect(standing.tokenTtlMs).toBeGreaterThan(50 * 60_000);
        expect(standing.tokenTtlMs).toBeLessThanOrEqual(HOUR);
      });

      it('tells that nothing may be done where the token has no rights', async () => {
        expect((await store.standing('elsewhere/a', 0)).capabilities).toEqual(new Set());
      });

      it('tells that root may do everything', async () => {
        const { capabilities } = await (await storeOn(kv, ['root'])).standing(fresh(), 0);
        expect([...capabilities]).toEqual(expect.arrayContaining(['create', 'read', 'update']));
      });

      it('tells a KV v1 engine', async () => {
        const mount = `v1-${unique}`;
        await mountWithPolicy(mount, 1);
        expect(await (await storeOn(mount, [mount])).standing(fresh(), 0)).toMatchObject({ mount: 'kv-v1' });
      });

      it('tells an engine of another kind, and one that is not there', async () => {
        const other = await storeOn('sys', ['root']);
        expect(await other.standing(fresh(), 0)).toMatchObject({ mount: 'other' });
        const none = await storeOn(`none-${unique}`, ['root']);
        expect(await none.standing(fresh(), 0)).toMatchObject({ mount: 'unknown' });
      });

      it('takes no namespace for proven that the server does not show', async () => {
        const namespaced = await storeOn(kv, [kv], { namespace: 'team-a' });
        expect(await namespaced.standing(fresh(), 0)).toMatchObject({ mount: 'kv-v2', namespace: 'unproven' });
        const root = await storeOn(kv, ['root'], { namespace: kv });
        expect(await root.standing(fresh(), 0)).toMatchObject({ namespace: 'unproven' });
      });

      it.each([
        ['2h', '1h', HOUR],
        ['1h', '2h', HOUR],
        ['0s', '2h', 2 * HOUR],
        ['2h30m', undefined, 2.5 * HOUR],
        ['-1s', '1h', Number.POSITIVE_INFINITY],
      ])('of a lifetime of %s for the mount and %s for the path, tells the one in force', async (mounted, own, ms) => {
        const mount = `ttl-${randomBytes(4).toString('hex')}`;
        await mountWithPolicy(mount, 2);
        await vault.must('POST', `${mount}/config`, { delete_version_after: mounted });
        const path = fresh();
        if (own !== undefined) await vault.must('POST', `${mount}/metadata/${path}`, { delete_version_after: own });
        expect((await (await storeOn(mount, [mount])).standing(path, 0)).lifetimeMs).toBe(ms);
      });

      it('tells no lifetime where the token may not look for one', async () => {
        const policy = `path "${kv}/data/*" { capabilities = ["create", "read", "update"] }`;
        await vault.must('PUT', `sys/policies/acl/bare-${unique}`, { policy });
        const bare = await storeOn(kv, [`bare-${unique}`]);
        expect(await bare.standing(fresh(), 0)).toMatchObject({
          mount: 'kv-v2',
          lifetimeMs: undefined,
        });
      });
    });

    describe('annotate', () => {
      const metadataOf = async (path: string) =>
        (await vault.get(`${kv}/metadata/${path}`)).body?.data?.['custom_metadata'];

      it('writes values beside the secret and leaves others alone', async () => {
        const path = fresh();
        await store.write(path, secret({ a: 'b' }), 0);
        await vault.must('PATCH', `${kv}/metadata/${path}`, { custom_metadata: { mine: 'stays' } });
        await store.annotate(path, { generation: '7' });
        expect(await metadataOf(path)).toEqual({ mine: 'stays', generation: '7' });
      });

      it('cuts a value to 512 bytes of whole characters, and takes an empty one away', async () => {
        const path = fresh();
        await store.write(path, secret({ a: 'b' }), 0);
        await store.annotate(path, { long: `a${'ö'.repeat(400)}`, gone: 'x' });
        await store.annotate(path, { long: `a${'ö'.repeat(400)}`, gone: '' });
        expect(await metadataOf(path)).toEqual({ long: `a${'ö'.repeat(255)}` });
      });

      it('writes nothing that it has already written', async () => {
        const path = fresh();
        await store.write(path, secret({ a: 'b' }), 0);
        await store.annotate(path, { generation: '7' });
        await vault.must('PATCH', `${kv}/metadata/${path}`, { custom_metadata: { generation: 'edited' } });
        await store.annotate(path, { generation: '7' });
        expect(await metadataOf(path)).toEqual({ generation: 'edited' });
        await store.annotate(path, { generation: '8' });
        expect(await metadataOf(path)).toEqual({ generation: '8' });
      });
    });

    describe('place', () => {
      it('is 8 hex digits, the same each time and for everybody, another for another path, mount or namespace', async () => {
        const other = await storeOn(kv, [kv]);
        const places = [
          await store.place('apps/a'),
          await store.place('apps/b'),
          await (await storeOn(`${kv}x`, [kv])).place('apps/a'),
          await (await storeOn(kv, [kv], { namespace: 'team-a' })).place('apps/a'),
        ];
        for (const place of places) expect(place).toMatch(/^[0-9a-f]{8}$/);
        expect(new Set(places).size).toBe(places.length);
        expect(await other.place('apps/a')).toBe(places[0]);
      });
    });
  });
}
