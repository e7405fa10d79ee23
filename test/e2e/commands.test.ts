import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkCommand } from '../../src/commands/check.ts';
import { planCommand } from '../../src/commands/plan.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { runCommand } from '../../src/commands/run.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { runProgram } from '../support/program.ts';
import { useScene } from '../support/scene.ts';
import { type PretendTerminal, pretendTerminal } from '../support/terminal.ts';

/** What the commands do to more than one application, and what they say before anything is done. */
const scene = useScene();
const NAMES = ['one', 'two', 'three'];
let sandbox: Sandbox;
let terminal: PretendTerminal;

beforeEach(async () => {
  sandbox = await startSandbox();
  terminal = pretendTerminal({
    API_KEY: sandbox.apiKey.reveal(),
    ROLE_ID: sandbox.roleId.reveal(),
    SECRET_ID: sandbox.secretId.reveal(),
  });
});

afterEach(() => sandbox.close());

/** Two applications of one issuer and one of another; `limits` of the first. */
async function policy(limits = 'per_second: 100'): Promise<string> {
  const config = join(scene.dir, 'commands.yaml');
  const servers = `project: ${sandbox.project}, api: "${sandbox.glesys}", endpoint: "${sandbox.s3}", region: sandbox`;
  const issuer = (more: string) => `{ type: glesys, ${servers}, api_key: { env: API_KEY }, ${more} }`;
  await writeFile(
    config,
    `
owner: commands
issuers:
  first: ${issuer(`instance: ${sandbox.instance}, limits: { ${limits} }`)}
  second: ${issuer(`instance: ${sandbox.addInstance('os-second')}, limits: { per_second: 100 }`)}
vault: { address: "${sandbox.vault}", auth: { method: approle, role_id: { env: ROLE_ID }, secret_id: { env: SECRET_ID } } }
defaults: { verify: { timeout: 10s, successes: 1 } }
http: { listen: 127.0.0.1:0 }
applications:
  one: { issuer: first, path: apps/one }
  two: { issuer: first, path: apps/two }
  three: { issuer: second, path: apps/three }
`,
  );
  return config;
}

function generations(): readonly unknown[] {
  return NAMES.map((name) => {
    const record = sandbox.vaultStore.peek(`apps/${name}`)?.['rekeyd'];
    return typeof record === 'string' ? JSON.parse(record).generation : undefined;
  });
}

test('run --once looks after every application', async () => {
  expect(await runCommand({ config: await policy(), once: true }, terminal)).toBe(0);
  expect(generations()).toEqual([1, 1, 1]);
});

test('rotate --all rotates every application, and rotate with names only those', async () => {
  const config = await policy();
  const options = { config, all: true, applications: [], despite: [], json: false };
  expect(await rotateCommand(options, terminal)).toBe(0);
  expect(generations()).toEqual([1, 1, 1]);
  expect(await rotateCommand({ ...options, all: false, applications: ['two', 'three'] }, terminal)).toBe(0);
  expect(generations()).toEqual([1, 2, 2]);
});

test('plan tells of each application what a run would do and what would keep it from it, and touches nothing', async () => {
  const config = await policy('credentials: 1');
  await sandbox.account.create(sandbox.instance, 'made by hand');
  expect(await planCommand({ config, days: 1, json: true }, terminal)).toBe(0);
  const { applications } = JSON.parse(terminal.written());
  expect(applications).toMatchObject([
    { application: 'one', now: expect.stringContaining('quota-full'), unmet: [{ code: 'quota-full' }] },
    { application: 'two', now: expect.stringContaining('quota-full'), unmet: [{ code: 'quota-full' }] },
    { application: 'three', now: expect.stringMatching(/^issue/), unmet: [] },
  ]);
  expect(generations()).toEqual([undefined, undefined, undefined]);
  expect(sandbox.credentials(sandbox.instance)).toHaveLength(1);
});

test('check tries every server and every application', async () => {
  expect(await checkCommand({ config: await policy(), offline: false, json: false }, terminal)).toBe(0);
  const said = terminal.written();
  expect(said).toMatch(/^ok +log in to Vault at/m);
  for (const issuer of ['first', 'second'])
    expect(said).toMatch(new RegExp(`^ok +list os-\\S+ at issuer ${issuer}`, 'm'));
  expect(said).toMatch(new RegExp(`^ok +reach S3 at ${sandbox.s3}`, 'm'));
  for (const name of NAMES) expect(said).toMatch(new RegExp(`^ok +application ${name}`, 'm'));
  expect(generations()).toEqual([undefined, undefined, undefined]);
});

test('check is 1 when S3 alone does not answer, and says so', async () => {
  const config = await policy();
  await sandbox.servers.s3.close();
  expect(await checkCommand({ config, offline: false, json: false }, terminal)).toBe(1);
  expect(terminal.written()).toMatch(/^wrong +reach S3 at \S+: s3-unreachable/m);
  expect(terminal.written()).toMatch(/^ok +log in to Vault at/m);
});

test('without --config the policy is the one that REKEYD_CONFIG names', async () => {
  const config = await policy();
  const { code, output } = await runProgram(scene, ['check', '--offline'], { REKEYD_CONFIG: config });
  expect(output).toContain(`policy ${config}`);
  expect(code).toBe(0);
  const missing = await runProgram(scene, ['check', '--offline'], { REKEYD_CONFIG: join(scene.dir, 'no-such.yaml') });
  expect(missing.output).toContain('no-such.yaml');
  expect(missing.code).toBe(2);
});
