import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announce, findAnnounced } from '../../src/sandbox/rendezvous.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';

describe('the rendezvous', () => {
  let sandbox: Sandbox;
  let folder: string;
  let policy: string;
  const before = process.env['TMPDIR'];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rekeyd-test-'));
    process.env['TMPDIR'] = folder;
    policy = join(folder, 'policy.yaml');
    sandbox = await startSandbox();
  });
  afterEach(async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await sandbox.close();
    await rm(folder, { recursive: true });
  });

  const notes = async () => (await readdir(folder)).filter((name) => name.startsWith('rekeyd-sandbox-'));
  const note = async () => join(folder, (await notes())[0] ?? 'none');
  const change = async (fields: object) => {
    const text = await readFile(await note(), 'utf8');
    await writeFile(await note(), JSON.stringify({ ...JSON.parse(text), ...fields }));
  };

  it('leads to the same stand-ins, their credentials and instances', async () => {
    const instance = sandbox.instanceFor('sto1');
    await announce(policy, sandbox);
    const found = await findAnnounced(policy);
    expect([found?.glesys, found?.s3, found?.vault]).toEqual([sandbox.glesys, sandbox.s3, sandbox.vault]);
    expect(found?.apiKey.reveal()).toBe(sandbox.apiKey.reveal());
    expect(found?.roleId.reveal()).toBe(sandbox.roleId.reveal());
    expect(found?.secretId.reveal()).toBe(sandbox.secretId.reveal());
    expect([found?.project, found?.instanceFor('sto1')]).toEqual([sandbox.project, instance]);
    expect(() => found?.instanceFor('other')).toThrow('has no instance for issuer other');
  });

  it('knows a policy file by its absolute path', async () => {
    await announce(policy, sandbox);
    expect(await findAnnounced(relative(process.cwd(), policy))).toBeDefined();
    expect(await findAnnounced(join(folder, 'other.yaml'))).toBeUndefined();
  });

  it('is readable for its own user only', async () => {
    await announce(policy, sandbox);
    expect((await stat(await note())).mode & 0o777).toBe(0o600);
  });

  it('is gone when it is withdrawn', async () => {
    const { withdraw } = await announce(policy, sandbox);
    await withdraw();
    expect(await notes()).toEqual([]);
    expect(await findAnnounced(policy)).toBeUndefined();
  });

  it('stays when another process has announced itself since', async () => {
    const { withdraw } = await announce(policy, sandbox);
    await change({ pid: process.ppid });
    await withdraw();
    expect(await notes()).toHaveLength(1);
  });

  it('leads nowhere when the process is dead, and is removed then', async () => {
    await announce(policy, sandbox);
    await change({ pid: 2 ** 30 });
    expect(await findAnnounced(policy)).toBeUndefined();
    expect(await notes()).toEqual([]);
  });

  it('says where the daemon answers once that is added, unless another process has announced itself since', async () => {
    const { addHttp } = await announce(policy, sandbox);
    expect(await findAnnounced(policy)).not.toHaveProperty('http');
    await addHttp('http://127.0.0.1:1234');
    expect(await findAnnounced(policy)).toMatchObject({ http: 'http://127.0.0.1:1234', vault: sandbox.vault });
    await change({ pid: process.ppid });
    await addHttp('http://127.0.0.1:5678');
    expect(await findAnnounced(policy)).toMatchObject({ http: 'http://127.0.0.1:1234' });
  });

  it('leads nowhere when a server does not answer', async () => {
    await announce(policy, sandbox);
    await sandbox.servers.s3.close();
    expect(await findAnnounced(policy)).toBeUndefined();
  });

  it('does not believe a note that others could have written, or that is none', async () => {
    await announce(policy, sandbox);
    await chmod(await note(), 0o644);
    expect(await findAnnounced(policy)).toBeUndefined();
    await chmod(await note(), 0o600);
    expect(await findAnnounced(policy)).toBeDefined();
    await writeFile(await note(), '{"pid":1}');
    expect(await findAnnounced(policy)).toBeUndefined();
  });
});
