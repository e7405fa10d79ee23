import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { s3Contract } from './s3-contract.ts';

s3Contract('the stand-in', async () => {
  const sandbox = await startSandbox();
  return {
    endpoint: sandbox.s3,
    region: 'dc-sto1',
    bucket: 'invoices',
    createKey: () => sandbox.keys.create(),
    removeKey: (accessKeyId) => sandbox.keys.remove(accessKeyId),
    close: sandbox.close,
  };
});
