import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sandboxCommand } from '../../src/commands/sandbox.ts';
import { CannotBegin, UsageError } from '../../src/commands/terminal.ts';
import { PlainVault } from '../contract/vault-client.ts';

/** Starts the command; `line` is the first that it prints. */
function run(options: Parameters<typeof sandboxCommand>[0]) {
  const stop = Promise.withResolvers<void>();
  const line = Promise.withResolvers<string>();
  const written: string[] = [];
  const write = (text: string) => {
    written.push(text);
    line.resolve(text);
  };
  const ended = sandboxCommand(options, { write, stopped: stop.promise });
  ended.catch(line.reject);
  line.promise.catch(() => {});
  return { ended, line: line.promise, written, stop: stop.resolve };
}

describe('rekeyd sandbox', () => {
  it('prints one line of JSON that leads to everything, runs until it is stopped, and ends', async () => {
    const { ended, line, written, stop } = run({});
    const said = JSON.parse(await line) as Record<string, string>;
    expect(Object.keys(said)).toEqual('glesys s3 vault role_id secret_id project api_key instance'.split(' '));
    const login = { role_id: said['role_id'], secret_id: said['secret_id'] };
    expect((await new PlainVault(said['vault'] ?? '').post('auth/approle/login', login)).status).toBe(200);
    const authorization = `Basic ${Buffer.from(`${said['project']}:${said['api_key']}`).toString('base64')}`;
    const listed = await fetch(`${said['glesys']}/objectstorage/listinstances`, { headers: { authorization } });
    expect(await listed.json()).toMatchObject({ response: { instances: [{ id: said['instance'] }] } });
    expect((await fetch(said['s3'] ?? '')).status).toBe(403);
    stop();
    await ended;
    expect(written.join('')).toMatch(/^[^\n]+\n$/);
    await expect(fetch(said['s3'] ?? '')).rejects.toThrow();
  });

  it('listens where it is told to', async () => {
    const first = run({});
    const { port } = new URL(JSON.parse(await first.line).s3);
    first.stop();
    await first.ended;
    const second = run({ s3: `127.0.0.1:${port}` });
    expect(JSON.parse(await second.line).s3).toBe(`http://127.0.0.1:${port}`);
    second.stop();
    await second.ended;
  });

  it('refuses an address that is none, and says what to write', async () => {
    const io = { write: () => undefined, stopped: Promise.resolve() };
    await expect(sandboxCommand({ vault: 'nonsense' }, io)).rejects.toThrow(
      '--vault nonsense is no address: write HOST:PORT, such as 127.0.0.1:8200',
    );
  });

  it('refuses to listen off loopback', async () => {
    const io = { write: () => undefined, stopped: Promise.resolve() };
    await expect(sandboxCommand({ vault: '0.0.0.0:0' }, io)).rejects.toThrow(
      new UsageError('--vault 0.0.0.0:0: the sandbox listens on loopback only: 0.0.0.0 is not; use 127.0.0.1'),
    );
  });

  it('listens for other machines where it is told so, with an instance and a key that they know already', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rekeyd-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const apiKeyFile = join(folder, 'key');
    await writeFile(apiKeyFile, 'made-elsewhere\n');
    const { ended, line, stop } = run({ glesys: '0.0.0.0:0', offLoopback: true, instance: 'os-demo', apiKeyFile });
    const said = JSON.parse(await line) as Record<string, string>;
    expect(said['glesys']).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
    expect(said).toMatchObject({ instance: 'os-demo' });
    const authorization = `Basic ${Buffer.from(`${said['project']}:made-elsewhere`).toString('base64')}`;
    const { port } = new URL(said['glesys'] ?? '');
    const listed = await fetch(`http://127.0.0.1:${port}/objectstorage/listinstances`, { headers: { authorization } });
    expect(listed.status).toBe(200);
    expect(await line).not.toContain('made-elsewhere');
    stop();
    await ended;
  });

  it('says which file with a key it misses', async () => {
    await expect(run({ apiKeyFile: '/nowhere/key' }).ended).rejects.toThrow(
      '--api-key-file: the file /nowhere/key does not exist',
    );
  });

  it('names the flag to change where a port is taken', async () => {
    const first = run({});
    const { host } = new URL(JSON.parse(await first.line).s3);
    await expect(run({ s3: host }).ended).rejects.toThrow(
      new CannotBegin(`${host} is already in use: is another rekeyd running there? Give another address with --s3.`),
    );
    first.stop();
    await first.ended;
  });
});
