import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram, startProgram } from '../support/program.ts';
import { useScene } from '../support/scene.ts';

const scene = useScene();
const root = join(import.meta.dirname, '..', '..');

/** The policy that `npm start` runs, in a folder of the test's own. */
async function sandboxPolicy(name: string, change: (text: string) => string = (text) => text): Promise<string> {
  const file = join(scene.dir, name);
  await writeFile(file, change(await readFile(join(root, 'config', 'sandbox.yaml'), 'utf8')));
  return file;
}

type Line = Readonly<Record<string, unknown>>;

function linesOf(output: readonly string[], event: string): Line[] {
  return output.map((line) => JSON.parse(line) as Line).filter((line) => line['event'] === event);
}

test('npm start: every application rotates, no consumer ever fails, and Ctrl-C ends it cleanly', async () => {
  const config = await sandboxPolicy('sandbox.yaml');
  const daemon = startProgram(scene, ['run', '--config', config]);
  const rotatedTwice = () => linesOf(daemon.stdout, 'rotation.done').filter((line) => Number(line['generation']) >= 2);
  await daemon.until(
    'two generations of each',
    () => new Set(rotatedTwice().map((line) => line['application'])).size === 3 || undefined,
    30_000,
  );
  await daemon.until('a revocation', () => linesOf(daemon.stdout, 'credential.revoked')[0], 20_000);
  const consumed = () => linesOf(daemon.stdout, 'sandbox.consumers').find((line) => Number(line['requests']) > 20);
  await daemon.until('consumers at work', consumed, 20_000);
  // a terminal's Ctrl-C may reach the process twice
  daemon.kill('SIGINT');
  daemon.kill('SIGINT');
  expect(await daemon.exited).toEqual({ code: 0, signal: null });
  const [last] = linesOf(daemon.stdout, 'sandbox.consumers').slice(-1);
  expect(last).toMatchObject({ failures: 0 });
  const before = daemon.stdout.slice(
    0,
    daemon.stdout.findLastIndex((line) => line.includes('"sandbox.consumers"')),
  );
  expect(last?.['rotations']).toBe(linesOf(before, 'rotation.done').length);
  expect(last?.['msg']).toMatch(/^rotations done: \d+ · consumer requests: \d+ · consumer failures: 0$/);
  expect(linesOf(daemon.stdout, 'daemon.stopped')).toHaveLength(1);
});

test('commands in another terminal find the running sandbox, and act as one more replica', async () => {
  const config = await sandboxPolicy('commands.yaml', (text) =>
    text.replace(/every: \d+s/g, 'every: 1h').replace(/grace: \d+s/g, 'grace: 20m'),
  );
  const daemon = startProgram(scene, ['run', '--config', config]);
  await daemon.until('three', () => linesOf(daemon.stdout, 'rotation.done').length === 3 || undefined, 30_000);

  const status = await runProgram(scene, ['status', '--config', config, '--json']);
  expect(status.code).toBe(0);
  expect(JSON.parse(status.output)).toMatchObject([
    { application: 'web', state: 'current', generation: 1 },
    { application: 'billing', state: 'current', generation: 1 },
    { application: 'backup', state: 'current', generation: 1 },
  ]);

  const rotated = await runProgram(scene, ['rotate', 'billing', '--config', config]);
  expect(rotated.output).toMatch(/billing: rotated to generation 2/);
  expect(rotated.output).toContain('1 of 1 rotated');
  expect(rotated.code).toBe(0);

  const check = await runProgram(scene, ['check', '--config', config]);
  expect(check.output).toMatch(/ok +application billing: generation 2/);
  expect(check.code).toBe(0);

  const plan = await runProgram(scene, ['plan', '--config', config, '--json', '--days', '1']);
  expect(JSON.parse(plan.output).applications).toContainEqual(
    expect.objectContaining({ application: 'web', now: 'nothing' }),
  );
  expect(plan.code).toBe(0);

  const billing = await runProgram(scene, ['status', 'billing', '--config', config]);
  expect(billing.output).toMatch(/billing +in-grace +2 /);
  daemon.kill('SIGTERM');
  expect((await daemon.exited).code).toBe(0);
});

test('SIGTERM lets an attempt that is under way end', async () => {
  const sandbox = startProgram(scene, ['sandbox']);
  const introduction = await sandbox.until('its introduction', () => sandbox.stdout[0], 20_000);
  const at = JSON.parse(introduction) as Record<
    'glesys' | 's3' | 'vault' | 'role_id' | 'secret_id' | 'project' | 'api_key' | 'instance',
    string
  >;
  const config = join(scene.dir, 'sigterm.yaml');
  await writeFile(
    config,
    `
owner: e2e
issuers:
  local: { type: glesys, project: ${at.project}, api_key: { env: API_KEY }, instance: ${at.instance}, api: "${at.glesys}", endpoint: "${at.s3}", region: x }
vault: { address: "${at.vault}", auth: { method: approle, role_id: { env: ROLE_ID }, secret_id: { env: SECRET_ID } } }
scheduler: { spread: 0s }
http: { listen: 127.0.0.1:0 }
applications:
  slow: { issuer: local, path: apps/slow }
`,
  );
  // the new key is refused for as long as the test wants: the attempt stays under way
  const refused = { method: 'GET', fault: 'status', status: 403 };
  await fetch(`${at.s3}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(refused) });
  const env = { API_KEY: at.api_key, ROLE_ID: at.role_id, SECRET_ID: at.secret_id };
  const daemon = startProgram(scene, ['run', '--config', config], env);
  await daemon.until('an issue', () => linesOf(daemon.stdout, 'credential.issued')[0], 20_000);
  daemon.kill('SIGTERM');
  await daemon.until('it to hear that', () => linesOf(daemon.stdout, 'daemon.stopping')[0], 20_000);
  expect(linesOf(daemon.stdout, 'rotation.done')).toHaveLength(0);
  await fetch(`${at.s3}/_sandbox/faults`, { method: 'DELETE' });
  expect((await daemon.exited).code).toBe(0);
  expect(linesOf(daemon.stdout, 'rotation.done')).toHaveLength(1);
  expect((await sandbox.stop()).code).toBe(0);
});
