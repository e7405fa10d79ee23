import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkCommand } from '../../src/commands/check.ts';
import { complain } from '../../src/commands/complain.ts';
import { planCommand } from '../../src/commands/plan.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { runCommand } from '../../src/commands/run.ts';
import { statusCommand } from '../../src/commands/status.ts';
import type { Terminal } from '../../src/commands/terminal.ts';
import { MemoryKeyRing, type RingKey } from '../../src/sandbox/keyring.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { cryptoHex, systemClock } from '../../src/system.ts';
import { runProgram, startProgram } from '../support/program.ts';
import type { RunningProcess } from '../support/running-process.ts';
import { useScene } from '../support/scene.ts';
import { pretendTerminal } from '../support/terminal.ts';

const scene = useScene();

/** Remembers every secret key that was ever made. */
class RememberingRing extends MemoryKeyRing {
  readonly made: RingKey[] = [];

  override async create(): Promise<RingKey> {
    const key = await super.create();
    this.made.push(key);
    return key;
  }
}

/** Every token that this Vault gives out from now on. */
function rememberTokens({ vaultCore }: Sandbox): string[] {
  const ids: string[] = [];
  const create = vaultCore.tokens.create.bind(vaultCore.tokens);
  vaultCore.tokens.create = (wish) => {
    const token = create(wish);
    ids.push(token.id);
    return token;
  };
  return ids;
}

async function policyFor(sandbox: Sandbox): Promise<{ config: string; env: Record<string, string> }> {
  const config = join(scene.dir, 'secrets.yaml');
  await writeFile(join(scene.dir, 'secret-id'), sandbox.secretId.reveal());
  await writeFile(join(scene.dir, 'http-token'), HTTP_TOKEN);
  await writeFile(
    config,
    `
owner: leaks
issuers:
  local:
    type: glesys
    project: ${sandbox.project}
    api_key: { env: API_KEY }
    instance: ${sandbox.instance}
    api: ${sandbox.glesys}
    endpoint: ${sandbox.s3}
    region: sandbox
    limits: { per_second: 100 }
vault: { address: "${sandbox.vault}", auth: { method: approle, role_id: { env: ROLE_ID }, secret_id: { file: secret-id } } }
defaults: { rotate: { every: 2s }, grace: 1s, verify: { timeout: 2s } }
scheduler: { resync: 2s, spread: 0s }
http: { listen: 127.0.0.1:0, token: { file: http-token } }
log: { level: trace }
applications:
  one: { issuer: local, path: apps/one }
  two: { issuer: local, path: apps/two, fields: { id: "{access_key_id}", key: "{secret_access_key}" } }
  edited: { issuer: local, path: apps/edited, rotate: { every: 1h } }
`,
  );
  return { config, env: { API_KEY: sandbox.apiKey.reveal(), ROLE_ID: sandbox.roleId.reveal() } };
}

const HTTP_TOKEN = cryptoHex(16);

/** What goes wrong, one after the other, while the daemon runs. */
function troubles({ servers, vaultCore, account }: Sandbox): readonly [on: () => void, off: () => void][] {
  const { glesys, s3, vault } = servers;
  const fault = (server: typeof glesys | typeof s3 | typeof vault, wish: Parameters<typeof glesys.faults.add>[0]) =>
    [() => server.faults.add(wish), () => server.faults.clear()] as [() => void, () => void];
  return [
    fault(glesys, { fault: 'html' }),
    fault(glesys, { fault: 'half' }),
    fault(glesys, { fault: 'status', status: 500 }),
    fault(glesys, { fault: 'drop_after', path: '/objectstorage/createcredential' }),
    fault(s3, { fault: 'status', status: 403 }),
    fault(s3, { fault: 'status', status: 500 }),
    fault(vault, { fault: 'status_after', status: 500, method: 'PUT' }),
    fault(vault, { fault: 'half', method: 'GET', path: '/v1/secret/data' }),
    fault(vault, { fault: 'html' }),
    [() => vaultCore.tokens.revokeAll(), () => {}],
    [
      () => {
        account.quota = 0;
      },
      () => {
        account.quota = 1000;
      },
    ],
  ];
}

/** A rotation asked for under each trouble, and what it then says. */
async function liveThrough(sandbox: Sandbox, config: string, env: Record<string, string>): Promise<string[]> {
  const said: string[] = [];
  for (const [on, off] of troubles(sandbox)) {
    on();
    said.push(await say(env, (terminal) => rotateCommand({ ...ROTATE, config, applications: ['one'] }, terminal)));
    off();
  }
  return said;
}

test('at level trace, through every kind of trouble, no secret leaves the process but to its servers', async () => {
  const ring = new RememberingRing(systemClock, cryptoHex);
  const sandbox = await startSandbox({ keys: ring });
  scene.atEnd(() => sandbox.close());
  const tokens = rememberTokens(sandbox);
  const { config, env } = await policyFor(sandbox);
  const daemon = startProgram(scene, ['run', '--config', config], env);
  await daemon.until('a rotation of each', () => new Set(rotated(daemon)).size === 3 || undefined, 30_000);

  const { data } = { data: sandbox.vaultStore.peek('apps/edited') };
  sandbox.vaultStore.poke('apps/edited', { ...data, secret_access_key: `edited-${cryptoHex(8)}` });
  const outputs = await liveThrough(sandbox, config, env);
  expect(outputs.filter((output) => output.includes('0 of 1 rotated')).length).toBeGreaterThan(6);
  outputs.push(...(await askEverything(daemon)), ...(await runEverything(config, env)));
  const { pid } = daemon;
  outputs.push(await readFile(`/proc/${pid}/cmdline`, 'utf8'), await readFile(`/proc/${pid}/comm`, 'utf8'));
  expect((await daemon.stop()).code).toBe(0);
  outputs.push(daemon.output());

  const everything = outputs.join('\n');
  expect(everything.length).toBeGreaterThan(20_000);
  expect(ring.made.length).toBeGreaterThan(6);
  expect(everything).toContain(ring.made[0]?.accessKeyId);
  const edited = String(sandbox.vaultStore.peek('apps/edited')?.['secret_access_key']);
  const secrets = {
    'a secret access key': ring.made.map((key) => key.secretAccessKey),
    'a hand-edited secret': [edited],
    'the API key': [env['API_KEY'] ?? '', Buffer.from(`${sandbox.project}:${env['API_KEY']}`).toString('base64')],
    'a Vault token': [sandbox.rootToken.reveal(), ...tokens],
    'the AppRole credentials': [sandbox.roleId.reveal(), sandbox.secretId.reveal()],
    'the HTTP token': [HTTP_TOKEN],
  };
  expect(tokens.length).toBeGreaterThan(1);
  for (const [what, values] of Object.entries(secrets)) {
    for (const value of values) {
      expect(value.length, what).toBeGreaterThan(10);
      expect(everything.includes(value), `${what} was seen outside`).toBe(false);
    }
  }
});

function rotated(daemon: RunningProcess): string[] {
  const lines = daemon.stdout.map((line) => JSON.parse(line) as { event?: string; application?: string });
  return lines.flatMap(({ event, application }) => (event === 'rotation.done' && application ? [application] : []));
}

async function askEverything(daemon: RunningProcess): Promise<string[]> {
  const started = daemon.stdout.map((line) => JSON.parse(line)).find(({ event }) => event === 'daemon.started');
  const paths = [
    '/',
    '/healthz',
    '/readyz',
    '/metrics',
    '/api/v1/applications',
    '/api/v1/applications/one',
    '/no-such',
  ];
  return Promise.all(paths.map(async (path) => (await fetch(`${started.http}${path}`)).text()));
}

const ROTATE = { all: false, despite: [], json: false };

/** What a command writes on its terminal; a command that refuses to start says why. */
async function say(env: NodeJS.ProcessEnv, command: (terminal: Terminal) => Promise<number>): Promise<string> {
  const terminal = pretendTerminal(env);
  await command(terminal).catch((error: unknown) => complain(error, terminal));
  return terminal.written() + terminal.complained();
}

/** Every command, with servers that answer and with credentials that are wrong. */
async function runEverything(config: string, env: Record<string, string>): Promise<string[]> {
  const wrong = { ...env, ROLE_ID: `wrong-${cryptoHex(8)}` };
  const on = { config, json: false };
  return [
    await say(env, (terminal) => statusCommand({ ...on, applications: ['one', 'edited'] }, terminal)),
    await say(env, (terminal) => statusCommand({ ...on, applications: [], json: true }, terminal)),
    await say(env, (terminal) => planCommand({ ...on, days: 3 }, terminal)),
    await say(env, (terminal) => checkCommand({ ...on, offline: false }, terminal)),
    await say(env, (terminal) => rotateCommand({ ...ROTATE, ...on, applications: ['edited', 'two'] }, terminal)),
    await say(env, (terminal) => runCommand({ ...on, once: true }, terminal)),
    await say(wrong, (terminal) => checkCommand({ ...on, offline: false }, terminal)),
    await say(wrong, (terminal) => statusCommand({ ...on, applications: [] }, terminal)),
    await say({}, (terminal) => runCommand({ ...on, once: true }, terminal)),
    (await runProgram(scene, ['check', '--config', config], env)).output,
  ];
}
