import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { createRole, enableAppRole, login } from './support/approle.ts';
import { answersTo } from './support/audit.ts';
import { IamClient } from './support/iam-client.ts';
import { IamKeyRing } from './support/iam-key-ring.ts';
import { S3Consumer } from './support/s3-consumer.ts';
import { startAgent } from './support/vault-agent.ts';
import { startVault, type VaultServer } from './support/vault-server.ts';
import { type Pair, type S3Server, startVersityGw } from './support/versitygw.ts';

/** What the other tests stand on: that the servers are real, and that the harness does what it says. */
const scene = useScene();
let vault: VaultServer;
let gateway: S3Server;
let ring: IamKeyRing;

beforeAll(async () => {
  vault = await startVault(scene, inject('vaultProgram'));
  gateway = await startVersityGw(scene, inject('versitygwProgram'));
  ring = new IamKeyRing(new IamClient(gateway.iam, gateway.root, gateway.region));
});

async function listBuckets(pair: Pair): Promise<string> {
  const client = new S3Client({
    endpoint: gateway.s3,
    region: gateway.region,
    credentials: pair,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  try {
    await client.send(new ListBucketsCommand({}));
    return 'accepted';
  } catch (error) {
    return (error as Error).name;
  } finally {
    client.destroy();
  }
}

describe('the real servers', () => {
  test('a key of the IAM ring works in S3 at once, and no longer once it is removed', async () => {
    const pair = await ring.create();
    expect(await listBuckets(pair)).toBe('accepted');
    expect(await ring.liveAccessKeyIds()).toContain(pair.accessKeyId);
    expect(await listBuckets({ ...pair, secretAccessKey: 'wrong' })).toBe('SignatureDoesNotMatch');
    await ring.remove(pair.accessKeyId);
    expect(await listBuckets(pair)).toBe('InvalidAccessKeyId');
    expect(await ring.liveAccessKeyIds()).not.toContain(pair.accessKeyId);
  });

  test('Vault can be sealed and unsealed', async () => {
    await vault.seal();
    expect((await vault.ask('GET', 'sys/health')).status).toBe(503);
    await vault.unseal();
    expect((await vault.ask('GET', 'sys/health')).status).toBe(200);
  });

  test('a consumer behind vault agent uses the secret of the newest version', async () => {
    await vault.mountKv('secret', 2);
    await enableAppRole(vault);
    const reader = 'path "secret/data/apps/*" { capabilities = ["read"] }';
    const role = await createRole(vault, 'reader', reader, { ttl: '1h', maxTtl: '1h' });
    const denied = await vault.ask('GET', 'secret/data/other', undefined, await login(vault, role));
    expect(denied).toMatchObject({ status: 403, body: { errors: [expect.stringContaining('permission denied')] } });
    expect(await answersTo(vault, 'reader')).toEqual([
      { operation: 'update', path: 'auth/approle/login', error: '' },
      { operation: 'read', path: 'secret/data/other', error: expect.stringContaining('permission denied') },
    ]);

    const publish = async (pair: Pair): Promise<unknown> => {
      const { accessKeyId: access_key_id, secretAccessKey: secret_access_key } = pair;
      const data = { access_key_id, secret_access_key, endpoint: gateway.s3, region: gateway.region };
      return vault.tell('PUT', 'secret/data/apps/a', { data });
    };
    const pairs = [await ring.create(), await ring.create()] as const;
    await publish(pairs[0]);
    const program = inject('vaultProgram');
    const file = await startAgent(scene, {
      name: 'a',
      program,
      vault: vault.address,
      login: role,
      secret: 'secret/data/apps/a',
    });
    const consumer = new S3Consumer('a', file);
    await poll('the first request', 10_000, async () => (consumer.requests > 0 ? true : undefined));
    await publish(pairs[1]);
    await poll('the second key to be used', 30_000, async () => (consumer.used.length > 1 ? true : undefined));
    await consumer.stop();
    expect(consumer.used).toEqual(pairs.map((pair) => pair.accessKeyId));
    expect(consumer.failures).toEqual([]);
  });
});
