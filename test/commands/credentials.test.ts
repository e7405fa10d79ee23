import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { complain } from '../../src/commands/complain.ts';
import { credentialsCommand } from '../../src/commands/credentials.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { runCommand } from '../../src/commands/run.ts';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

const scene = useScene();
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const BILLING = { applications: { billing: { consumers: { refresh: '2h' }, grace: '24h' } } };
const HOUR = 3_600_000;

interface Asked {
  readonly code: number;
  readonly output: string;
  readonly complaint: string;
}

/** What `rekeyd credentials billing` does, its exit code included. */
async function credentials({ config, env }: Pick<Arranged, 'config' | 'env'>): Promise<Asked> {
  const terminal = pretendTerminal(env);
  const call = credentialsCommand({ config, application: 'billing' }, terminal);
  const code = await call.catch((error: unknown) => complain(error, terminal));
  return { code, output: terminal.written(), complaint: terminal.complained() };
}

async function published(): Promise<Arranged> {
  const on = await arrange(BILLING);
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  return on;
}

const secretOf = ({ sandbox }: Arranged) => sandbox.vaultStore.peek('apps/billing') ?? {};

/** An S3 client of the real SDK, whose credentials come from `rekeyd credentials billing` as a process. */
async function sdkClient({ config, env, sandbox }: Arranged): Promise<S3Client> {
  const file = join(scene.dir, `aws-${crypto.randomUUID()}`);
  const command = [process.execPath, MAIN, 'credentials', 'billing', '--config', config].map((word) => `"${word}"`);
  await writeFile(file, `[profile rekeyd]\ncredential_process = ${command.join(' ')}\n`);
  for (const [name, value] of Object.entries({ ...env, AWS_CONFIG_FILE: file, NODE_NO_WARNINGS: '1' }))
    vi.stubEnv(name, value);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(scene.dir, 'none'));
  const client = new S3Client({
    endpoint: sandbox.s3,
    region: 'sandbox',
    forcePathStyle: true,
    profile: 'rekeyd',
  });
  onTestFinished(() => {
    client.destroy();
    vi.unstubAllEnvs();
  });
  return client;
}

test('credentials prints exactly what the SDKs read: version, key pair, and an end at the consumers’ refresh', async () => {
  const on = await published();
  const before = Date.now();
  const { code, output, complaint } = await credentials(on);
  const after = Date.now();
  expect([code, complaint]).toEqual([0, '']);
  const { Expiration, ...rest } = JSON.parse(output);
  const secret = secretOf(on);
  expect(rest).toEqual({
    Version: 1,
    AccessKeyId: secret['access_key_id'],
    SecretAccessKey: secret['secret_access_key'],
  });
  expect(Date.parse(Expiration)).toBeGreaterThanOrEqual(before + 2 * HOUR);
  expect(Date.parse(Expiration)).toBeLessThanOrEqual(after + 2 * HOUR);
});

test('the AWS SDK lists buckets with it as its credential_process, and takes its end', async () => {
  const on = await published();
  const client = await sdkClient(on);
  expect(await client.send(new ListBucketsCommand({}))).toHaveProperty('Buckets');
  const { accessKeyId, expiration } = await client.config.credentials();
  expect(accessKeyId).toBe(secretOf(on)['access_key_id']);
  expect(Number(expiration)).toBeLessThanOrEqual(Date.now() + 2 * HOUR);
});

test('the AWS SDK comes back for the new key by itself, long before the old one is revoked', async () => {
  // less than the five minutes before an end in which this SDK asks again
  const applications = { billing: { consumers: { refresh: '4m' }, grace: '24h' } };
  const on = await arrange({ applications });
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  const client = await sdkClient(on);
  const first = await client.config.credentials();
  const call = { config: on.config, applications: ['billing'], all: false, despite: [], json: true };
  expect(await rotateCommand(call, pretendTerminal(on.env))).toBe(0);
  const second = await poll('the new key', 60_000, async () => {
    expect(await client.send(new ListBucketsCommand({}))).toHaveProperty('Buckets');
    const now = await client.config.credentials();
    return now.accessKeyId === first.accessKeyId ? undefined : now;
  });
  expect(second.accessKeyId).toBe(secretOf(on)['access_key_id']);
});

test('the AWS SDK uses nothing where there is no credential', async () => {
  const client = await sdkClient(await arrange(BILLING));
  await expect(client.send(new ListBucketsCommand({}))).rejects.toThrow('Could not load credentials');
});

test.each([
  ['never published', () => {}, 'nothing was ever published there'],
  ['deleted', (on: Arranged) => on.sandbox.vaultStore.poke('apps/billing', {}), 'its fields hold no access key id'],
  [
    'half there',
    (on: Arranged) => on.sandbox.vaultStore.poke('apps/billing', { access_key_id: 'AKHALF' }),
    'its fields hold no access key id and secret access key',
  ],
])('where the secret is %s it prints nothing at all, says why, and ends with 1', async (_, spoil, why) => {
  const on = await arrange(BILLING);
  spoil(on);
  const { code, output, complaint } = await credentials(on);
  expect([code, output]).toEqual([1, '']);
  expect(complaint).toContain(why);
  expect(complaint).toContain('rekeyd status billing');
});

test('where Vault does not answer it prints nothing at all and ends with 1', async () => {
  const on = await published();
  on.sandbox.servers.vault.faults.add({ fault: 'status', status: 500, path: '/v1/secret/data' });
  const { code, output, complaint } = await credentials(on);
  expect([code, output]).toEqual([1, '']);
  expect(complaint).not.toContain(String(secretOf(on)['secret_access_key']));
});

test('it needs of the policy’s secrets only those of Vault', async () => {
  const on = await published();
  const { API_KEY: _, ...env } = on.env;
  expect((await credentials({ config: on.config, env })).code).toBe(0);
  const { SECRET_ID: __, ...none } = on.env;
  expect(await credentials({ config: on.config, env: none })).toMatchObject({
    code: 2,
    output: '',
    complaint: expect.stringContaining('vault.auth.secret_id'),
  });
});

test('an application that the policy does not have is a mistake in the call', async () => {
  const on = await published();
  const call = credentialsCommand({ config: on.config, application: 'biling' }, pretendTerminal(on.env));
  await expect(call).rejects.toThrow('the policy has no application biling');
});
