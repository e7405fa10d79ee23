import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { startVault, type VaultStandIn } from '../../src/sandbox/vault/vault.ts';
import { systemClock } from '../../src/system.ts';
import type { VaultStore } from '../../src/vault/store.ts';
import { closing } from '../transport/failure.ts';
import { RIGHTS, storeAt, tokenAuth } from '../vault/open-store.ts';
import { type Mangling, manglings } from './answers.ts';
import { type Mangler, manglerBefore } from './mangler.ts';
import { PATIENCE, runs } from './runs.ts';
import { endOf, expectUnpolluted } from './signs.ts';

const PATH = 'apps/billing';
const SECRET = 'TheSecretThatIsKeptThere';
const PLACE = /^[0-9a-f]{8}$/;

let vault: VaultStandIn;
let mangler: Mangler;
let secrets: string[];

beforeEach(async () => {
  vault = closing(await startVault({ clock: systemClock }));
  vault.vault.policies.set('rekeyd', RIGHTS);
  mangler = closing(await manglerBefore(vault.url));
  vault.vault.kv2().poke(PATH, { access_key_id: 'AK1', secret_access_key: SECRET, other: { a: [1] } } as never);
  secrets = [SECRET, vault.rootToken.reveal()];
});

function opened(auth = tokenAuth(vault.rootToken.reveal())): VaultStore {
  const timeouts = { connect: 500, answer: 5_000 };
  return storeAt(mangler.url, systemClock, auth, { timeouts });
}

/** A property of one call under whatever is made of its answer, with a store that is logged in already. */
function whatever(at: RegExp, numRuns: number, holds: (store: VaultStore, mangling: Mangling) => Promise<void>) {
  return async () => {
    const store = opened();
    await store.login();
    await fc.assert(
      fc.asyncProperty(manglings, async (mangling) => {
        mangler.aim({ at, mangling });
        await holds(store, mangling);
        expectUnpolluted();
      }),
      runs(numRuns),
    );
  };
}

test(
  'whatever Vault answers to a read, what comes of it is a version with a time, or a failure',
  whatever(/GET .*\/data\//, 80, async (store) => {
    const { value } = await endOf(store.read(PATH), secrets);
    if (!value) return;
    expect(Number.isSafeInteger(value.version)).toBe(true);
    expect(Math.abs(value.serverTime - Date.now())).toBeLessThan(200 * 366 * 86_400_000);
    if (value.state !== 'present') return;
    expect(Number.isFinite(value.createdAt)).toBe(true);
    expect(Number.isNaN(value.expiresAt)).toBe(false);
    // what was read must be possible to write again
    expect(() => JSON.stringify(value.data.reveal())).not.toThrow();
  }),
  PATIENCE,
);

test(
  'a secret that is there is never taken for one that never was, but in the very words of Vault',
  whatever(/GET .*\/data\//, 50, async (store, mangling) => {
    const { value } = await endOf(store.read(PATH), secrets);
    const isSaid = mangling.status === 404 && mangling.body.kind === 'replaced';
    if (!isSaid) expect(['present', 'deleted', 'expired', undefined]).toContain(value?.state);
    if (mangling.status !== 404) expect(['present', undefined]).toContain(value?.state);
  }),
  PATIENCE,
);

test(
  'whatever Vault answers to a write, only a version counts, and nothing is called not done that was',
  whatever(/PUT /, 60, async (store, mangling) => {
    const before = vault.vault.kv2().entry(PATH)?.current ?? 0;
    const data = new Secret({ access_key_id: 'AK2', secret_access_key: SECRET });
    const { value, error } = await endOf(store.write(PATH, data, before), secrets);
    expect(vault.vault.kv2().entry(PATH)?.current).toBe(before + 1);
    if (value) expect(Number.isSafeInteger(value.version)).toBe(true);
    const refused = mangling.status !== undefined && mangling.status < 500 && mangling.status !== 408;
    if (!refused) expect([undefined, 'ambiguous']).toContain(error?.kind);
  }),
  PATIENCE,
);

test(
  'whatever Vault answers about its cluster, its mounts, rights and lifetimes, it is understood or a failure',
  whatever(/sys\/|\/config|\/metadata\//, 50, async (store) => {
    const { value: place } = await endOf(store.place(PATH, true), secrets);
    if (place !== undefined) expect(place).toMatch(PLACE);
    const { value: standing } = await endOf(store.standing(PATH, 1_000), secrets);
    if (standing) {
      expect(Number.isNaN(standing.tokenTtlMs)).toBe(false);
      expect(Number.isNaN(standing.lifetimeMs ?? 0)).toBe(false);
      expect(standing.capabilities).toBeInstanceOf(Set);
    }
    await endOf(store.annotate(PATH, { rekeyd_generation: String(Math.random()) }), secrets);
  }),
  PATIENCE,
);

test(
  'whatever Vault answers to a login, a look-up or a renewal, there is a token that can be sent or a failure',
  async () => {
    const roleId = vault.vault.appRole.setRole('rekeyd', { policies: ['rekeyd'], ttlMs: 3_600_000 });
    const secretId = vault.vault.appRole.addSecretId('rekeyd');
    const [roleRef, secretRef] = [{ made: new Secret(roleId) }, { made: new Secret(secretId) }];
    const appRole = { method: 'approle', mount: 'approle', roleId: roleRef, secretId: secretRef } as const;
    await fc.assert(
      fc.asyncProperty(manglings, fc.boolean(), async (mangling, byToken) => {
        const store = byToken ? opened() : opened(appRole);
        mangler.aim({ at: /auth\//, mangling });
        await endOf(store.read(PATH), [...secrets, roleId, secretId]);
        await endOf(store.standing(PATH, 7_200_000), [...secrets, roleId, secretId]);
        expect(Number.isNaN(store.tokenStanding().expiresAt ?? 0)).toBe(false);
        await store.close();
      }),
      runs(25),
    );
  },
  PATIENCE,
);
