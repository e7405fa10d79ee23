import type { VaultPolicy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import { secretSource } from '../../src/policy/secrets.ts';
import type { Clock } from '../../src/rotation/ports.ts';
import { startVault, type VaultStandIn } from '../../src/sandbox/vault/vault.ts';
import { openVaultStore, type VaultStore, type VaultStoreDeps } from '../../src/vault/store.ts';
import { closing } from '../transport/failure.ts';

/** A clock that stands still until it is moved; the stand-in and the store share one. */
export class SetClock implements Clock {
  time = Date.UTC(2026, 10, 23);

  now(): number {
    return this.time;
  }

  async sleep(ms: number): Promise<void> {
    this.time += ms;
  }
}

/** What rekeyd needs, for the stand-in's mount `secret`. */
export const RIGHTS = `
path "secret/data/*" { capabilities = ["create", "read", "update"] }
path "secret/metadata/*" { capabilities = ["read", "patch"] }
path "secret/config" { capabilities = ["read"] }
`;

export async function vaultAt(clock: Clock): Promise<VaultStandIn> {
  const standIn = closing(await startVault({ clock }));
  standIn.vault.policies.set('rekeyd', RIGHTS);
  return standIn;
}

export function storeAt(
  address: string,
  clock: Clock,
  auth: VaultPolicy['auth'],
  more: Partial<VaultPolicy & VaultStoreDeps> = {},
): VaultStore {
  const { timeouts, secretOf = secretSource, ...policy } = more;
  const deps = { clock, secretOf, ...(timeouts && { timeouts }) };
  return closing(openVaultStore({ address, mount: 'secret', auth, ...policy }, deps));
}

export function tokenAuth(token: string): VaultPolicy['auth'] {
  return { method: 'token', token: { made: new Secret(token) } };
}

/** A Vault and a store that is logged in to it with a token of an hour. */
export async function openedStore() {
  const clock = new SetClock();
  const vault = await vaultAt(clock);
  const token = vault.vault.tokens.create({ policies: ['default', 'rekeyd'], ttlMs: 3_600_000 }).id;
  const store = storeAt(vault.url, clock, tokenAuth(token));
  await store.login();
  return { clock, vault, token, store };
}
