import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { PlainVault, until } from './vault-client.ts';
import { accessContract } from './vault-contract-access.ts';
import { dataContract } from './vault-contract-data.ts';
import { policiesContract } from './vault-contract-policies.ts';
import { versionsContract } from './vault-contract-versions.ts';
import { VaultScene } from './vault-scene.ts';

/** What the Vault suite needs. Everything else it sets up through Vault's API, under names of its own. */
export interface VaultUnderContract {
  /** Base URL without a trailing slash. */
  readonly address: string;
  readonly rootToken: string;
  close?(): Promise<void>;
}

/** What rekeyd relies on in Vault; the stand-in and the real one must both keep it. */
export function vaultContract(name: string, open: () => Promise<VaultUnderContract>): void {
  describe(`Vault contract: ${name}`, () => {
    let opened: VaultUnderContract;
    let standing: VaultScene;
    const scene = () => standing;

    beforeAll(async () => {
      opened = await open();
      standing = new VaultScene(new PlainVault(opened.address, opened.rootToken), randomBytes(4).toString('hex'));
      const { vault, kv, kv1 } = standing;
      await vault.must('POST', `sys/mounts/${kv}`, { type: 'kv', options: { version: '2' } });
      await vault.must('POST', `sys/mounts/${kv1}`, { type: 'kv', options: { version: '1' } });
      // A new KV v2 mount of a real Vault answers 400 while it upgrades itself.
      await until(
        () => vault.get(`${kv}/config`),
        (said) => said.status === 200,
      );
    });
    afterAll(() => opened.close?.());

    dataContract(scene);
    versionsContract(scene);
    accessContract(scene);
    policiesContract(scene);
  });
}
