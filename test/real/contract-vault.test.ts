import { inject } from 'vitest';
import { vaultContract } from '../contract/vault-contract.ts';
import { useScene } from './support/scene.ts';
import { startVault } from './support/vault-server.ts';

const scene = useScene();

vaultContract('HashiCorp Vault 1.21.1', async () => {
  const { address, rootToken } = await startVault(scene, inject('vaultProgram'));
  return { address, rootToken };
});
