import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Ended, runProgram } from '../support/program.ts';
import { useScene } from '../support/scene.ts';

const scene = useScene();

const POLICY = `
owner: e2e
issuers:
  local: { type: glesys, project: cl1, api_key: { env: API_KEY }, instance: os-1, api: "http://127.0.0.1:1", endpoint: "http://127.0.0.1:1", region: x }
vault: { address: "http://127.0.0.1:1", auth: { method: token, token: { file: no-such-file } } }
http: { listen: 127.0.0.1:0 }
applications:
  one: { issuer: local, path: apps/one }
`;

async function run(command: string[], policy = POLICY, env = {}): Promise<Ended> {
  const file = join(scene.dir, `${command.join('-').replaceAll(/\W/g, '')}.yaml`);
  await writeFile(file, policy);
  return runProgram(scene, [...command, '--config', file], env);
}

test('a missing environment variable and a missing file are 2, both named at once, and nothing is contacted', async () => {
  const { code, output } = await run(['run']);
  expect(code).toBe(2);
  expect(output).toContain('the environment variable API_KEY is not set; set it where rekeyd is started');
  expect(output).toContain('no-such-file does not exist; put the secret there or correct the policy');
});

test('a missing secret reference is told with file, line and column', async () => {
  const { output } = await run(['run']);
  expect(output).toMatch(/run\.yaml:4:\d+: issuers\.local\.api_key: the environment variable API_KEY is not set/);
  expect(output).toMatch(/run\.yaml:5:\d+: vault\.auth\.token: the file \S+no-such-file does not exist/);
});

test('check --offline resolves no secret', async () => {
  expect(await run(['check', '--offline'])).toMatchObject({ code: 0 });
});

test('mistakes in the policy are 2, each with file, line and column', async () => {
  const { code, output } = await run(
    ['check', '--offline'],
    POLICY.replace('issuer: local', 'isuer: local').replace('cl1', '""'),
  );
  expect(code).toBe(2);
  expect(output.split('\n').filter((line) => /checkoffline\.yaml:\d+:\d+: /.test(line)).length).toBeGreaterThanOrEqual(
    2,
  );
  expect(output).toContain('issuer');
});

test('run --once is 1 when an application could not be looked after', async () => {
  const env = { API_KEY: 'generated' };
  const policy = POLICY.replace('{ file: no-such-file }', '{ env: API_KEY }');
  const { code, output } = await run(['run', '--once'], policy, env);
  expect(code).toBe(1);
  expect(output).toContain('vault-unreachable');
});

test('status is 1 when something could not be read', async () => {
  const policy = POLICY.replace('{ file: no-such-file }', '{ env: API_KEY }');
  const { code, output } = await run(['status'], policy, { API_KEY: 'generated' });
  expect(code).toBe(1);
  expect(output).toMatch(/one +failing/);
});

test('check is 1 and says what to do when a server is not there', async () => {
  const policy = POLICY.replace('{ file: no-such-file }', '{ env: API_KEY }');
  const { code, output } = await run(['check'], policy, { API_KEY: 'generated' });
  expect(code).toBe(1);
  expect(output).toMatch(/wrong +log in to Vault/);
  expect(output).toMatch(/wrong +list os-1 at issuer local/);
});

test.each([
  ['an unknown command', ['no-such-command']],
  ['an unknown option', ['status', '--no-such-option']],
  ['rotate without a name', ['rotate']],
  ['rotate with names and --all', ['rotate', 'one', '--all']],
  ['--despite with --all', ['rotate', '--all', '--despite', 'edited']],
  ['--despite with a code that nothing lifts', ['rotate', 'one', '--despite', 'record-unreadable']],
])('%s is 2', async (_, args) => {
  const { code, output } = await runProgram(scene, args);
  expect(code).toBe(2);
  expect(output).not.toBe('');
});

test('an application that the policy does not have is 2 and the known ones are named', async () => {
  const policy = POLICY.replace('{ file: no-such-file }', '{ env: API_KEY }');
  const { code, output } = await run(['status', 'two'], policy, { API_KEY: 'generated' });
  expect(code).toBe(2);
  expect(output).toContain('no application two; it has one');
});
