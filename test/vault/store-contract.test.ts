import { startVault } from '../../src/sandbox/vault/vault.ts';
import { storeContract } from '../contract/store-contract.ts';

storeContract('on the stand-in', async () => {
  const { url, rootToken, close } = await startVault();
  return { address: url, rootToken: rootToken.reveal(), close };
});
