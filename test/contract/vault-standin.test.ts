import { startVault } from '../../src/sandbox/vault/vault.ts';
import { vaultContract } from './vault-contract.ts';

vaultContract('the stand-in', async () => {
  const { url, rootToken, close } = await startVault();
  return { address: url, rootToken: rootToken.reveal(), close };
});
