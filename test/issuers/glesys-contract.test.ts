import { startGlesys } from '../../src/sandbox/glesys.ts';
import { issuerContract } from '../contract/issuer-contract.ts';
import { issuerAt } from './open-issuer.ts';

issuerContract('GleSYS on the stand-in', async () => {
  const { url, project, apiKey, account, close } = await startGlesys();
  const issuer = issuerAt(url, { project, apiKey: { made: apiKey }, instance: account.addInstance() });
  return { issuer, close };
});

issuerContract('GleSYS on a stand-in whose list has the secrets, too', async () => {
  const { url, project, apiKey, account, close } = await startGlesys();
  account.listsSecrets = true;
  const issuer = issuerAt(url, { project, apiKey: { made: apiKey }, instance: account.addInstance() });
  return { issuer, close };
});
