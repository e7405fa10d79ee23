import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Consumers, startConsumers } from '../../src/sandbox/consumers.ts';
import type { MadeCredential } from '../../src/sandbox/glesys-account.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { systemClock } from '../../src/system.ts';

describe('the simulated consumers', () => {
  let sandbox: Sandbox;
  let consumers: Consumers;

  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(async () => {
    await consumers.stop();
    await sandbox.close();
  });

  const start = (...refreshes: number[]) => {
    consumers = startConsumers({
      applications: refreshes.map((refreshMs, index) => ({
        name: `app${index}`,
        path: `apps/app${index}`,
        refreshMs,
        accessKeyField: 'user',
        secretKeyField: 'password',
      })),
      vault: { address: sandbox.vault, mount: 'secret' },
      login: sandbox,
      s3: { endpoint: sandbox.s3, region: 'dc-sto1' },
      clock: systemClock,
    });
  };
  const issue = () => sandbox.account.create(sandbox.instance, 'a');
  const publish = (made: MadeCredential, path = 'apps/app0') =>
    sandbox.vaultStore.poke(path, { user: made.accessKeyId, password: made.secretAccessKey });
  const revoke = (made: MadeCredential) => sandbox.account.remove(sandbox.instance, made.id);
  const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 20_000, interval: 20 });
  const counts = () => consumers.counts();

  it('wait without counting until their secret is there', async () => {
    start(100);
    // A delay of nothing only counts how often they looked.
    sandbox.servers.vault.faults.add({ fault: 'delay', delay_ms: 0, path: '/v1/secret/data' });
    await until(() => (sandbox.servers.vault.faults.list()[0]?.struck ?? 0) > 1);
    expect(counts()).toEqual({ requests: 0, failures: 0 });
    publish(await issue());
    await until(() => counts().requests > 2);
    expect(counts().failures).toBe(0);
  });

  it('go over to a new secret and never fail while the old key gets its grace', async () => {
    const [first, second] = [await issue(), await issue()];
    publish(first);
    start(100);
    await until(() => counts().requests > 1);
    publish(second);
    await until(() => s3Keys(sandbox).has(second.accessKeyId));
    await revoke(first);
    const { requests } = counts();
    await until(() => counts().requests > requests + 2);
    expect(counts().failures).toBe(0);
  });

  it('keep what they read for their time, and so fail when a key is revoked within it', async () => {
    const [first, second] = [await issue(), await issue()];
    publish(first);
    start(3_600_000);
    await until(() => counts().requests > 1);
    publish(second);
    await revoke(first);
    await until(() => counts().failures > 1);
    expect(counts().lastFailure).toMatchObject({ application: 'app0', code: 'InvalidAccessKeyId' });
  });

  it('count S3 that does not answer as a failure, and go on', async () => {
    publish(await issue());
    start(100);
    sandbox.servers.s3.faults.add({ fault: 'drop_before', times: 1 });
    await until(() => counts().failures === 1);
    const { requests } = counts();
    await until(() => counts().requests > requests + 1);
    expect(counts()).toMatchObject({ failures: 1, lastFailure: { code: 'ECONNRESET' } });
  });

  it('go on with what they have while Vault fails, and log in again when their token is dead', async () => {
    const [first, second] = [await issue(), await issue()];
    publish(first);
    start(50);
    await until(() => counts().requests > 1);
    sandbox.vaultCore.sealed = true;
    const { requests } = counts();
    await until(() => counts().requests > requests + 2);
    sandbox.vaultCore.sealed = false;
    sandbox.vaultCore.tokens.revokeAll();
    publish(second);
    await until(() => s3Keys(sandbox).has(second.accessKeyId));
    expect(counts().failures).toBe(0);
  });

  it('are one for each application', async () => {
    publish(await issue(), 'apps/app0');
    publish(await issue(), 'apps/app1');
    start(100, 100);
    await until(() => s3Keys(sandbox).size === 2);
    expect(counts().failures).toBe(0);
  });

  it('show nothing of a secret in what they count', async () => {
    const made = await issue();
    publish(made);
    await revoke(made);
    start(100);
    await until(() => counts().failures > 0);
    expect(JSON.stringify(counts())).not.toContain(made.secretAccessKey);
  });
});

/** The access key ids that S3 has seen. */
const s3Keys = (sandbox: Sandbox): ReadonlySet<string> => sandbox.servers.s3.seen;
