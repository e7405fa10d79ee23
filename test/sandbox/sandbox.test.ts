import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { parsePolicy } from '../../src/sandbox/vault/policies.ts';
import { PlainVault } from '../contract/vault-client.ts';

describe('the sandbox', () => {
  const open: Sandbox[] = [];
  const start = async (...args: Parameters<typeof startSandbox>) => {
    const sandbox = await startSandbox(...args);
    open.push(sandbox);
    return sandbox;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
  });

  it('hands out a key at GleSYS that S3 takes until it is deleted', async () => {
    const sandbox = await start();
    const made = await sandbox.account.create(sandbox.instance, 'a');
    const client = new S3Client({ endpoint: sandbox.s3, region: 'x', credentials: made, forcePathStyle: true });
    expect((await client.send(new ListBucketsCommand({}))).Buckets).toHaveLength(2);
    expect(await sandbox.account.remove(sandbox.instance, made.id)).toBe(true);
    await expect(client.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  });

  it('lets rekeyd into Vault with the rights that it ships, and no more', async () => {
    const sandbox = await start();
    const vault = new PlainVault(sandbox.vault);
    const ids = { role_id: sandbox.roleId.reveal(), secret_id: sandbox.secretId.reveal() };
    const said = await vault.post('auth/approle/login', ids);
    const token = vault.as(String(said.body?.auth?.['client_token']));
    expect((await token.put('secret/data/apps/a', { data: {} })).status).toBe(200);
    expect((await token.patch('secret/metadata/apps/a', { custom_metadata: { a: 'b' } })).status).toBe(204);
    expect((await token.get('secret/config')).status).toBe(200);
    expect((await token.delete('secret/data/apps/a')).status).toBe(403);
    expect((await token.delete('secret/metadata/apps/a')).status).toBe(403);
  });

  it('gives rekeyd the rights of config/vault-policy.hcl, for every path instead of those below apps/', async () => {
    const file = await readFile('config/vault-policy.hcl', 'utf8');
    // what stands there for a person to allow is allowed here
    const shipped = file.replaceAll(/^#(?=path | {2}cap|\})/gm, '');
    const given = (await start()).vaultCore.policies.text('rekeyd') ?? '';
    expect(shipped).toContain('/delete/apps/*"');
    expect(parsePolicy(given)).toEqual(parsePolicy(shipped.replaceAll('/apps/*"', '/*"')));
  });

  it('has one instance per issuer, the same one each time', async () => {
    const sandbox = await start();
    const [one, other] = [sandbox.instanceFor('one'), sandbox.instanceFor('other')];
    expect(new Set([one, other, sandbox.instance]).size).toBe(3);
    expect(sandbox.instanceFor('one')).toBe(one);
    expect(sandbox.instances()).toEqual({ one, other });
    expect(sandbox.credentials(one)).toEqual([]);
    expect(sandbox.addInstance('os-mine')).toBe('os-mine');
  });

  it('shows no secret however it is printed', async () => {
    const sandbox = await start();
    const printed = JSON.stringify([sandbox.apiKey, sandbox.secretId, sandbox.roleId, sandbox.rootToken]);
    expect(printed).toBe('["[secret]","[secret]","[secret]","[secret]"]');
  });

  it('listens where it is told to, and gives the ports back', async () => {
    const first = await startSandbox();
    const port = Number(new URL(first.vault).port);
    await first.close();
    const second = await start({ vault: { host: '127.0.0.1', port } });
    expect(new URL(second.vault).port).toBe(String(port));
  });

  it('answers 400 to a path that cannot be decoded', async () => {
    const sandbox = await start();
    expect((await fetch(`${sandbox.vault}/v1/%E0%A4%A`)).status).toBe(400);
  });

  it('refuses an address that is not loopback', async () => {
    await expect(startSandbox({ s3: { host: '0.0.0.0', port: 0 } })).rejects.toThrow('loopback only');
  });

  it('closes what it has started when one port is taken', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const taken = { host: '127.0.0.1', port: (squatter.address() as AddressInfo).port };
    const free = { host: '127.0.0.1', port: await freePort() };
    await expect(startSandbox({ glesys: free, vault: taken })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await start({ glesys: free });
    squatter.close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
