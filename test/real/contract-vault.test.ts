import { inject } from 'vitest';
import { storeContract } from '../contract/store-contract.ts';
import { vaultContract } from '../contract/vault-contract.ts';
import { useScene } from '../support/scene.ts';
import { startVault } from './support/vault-server.ts';

const scene = useScene();

const open = async () => {
  const { address, rootToken } = await startVault(scene, inject('vaultProgram'));
  return { address, rootToken };
};

vaultContract('HashiCorp Vault 1.21.1', open);
storeContract('HashiCorp Vault 1.21.1', open);
