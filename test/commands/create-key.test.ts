import { expect, test } from 'vitest';
import { complain } from '../../src/commands/complain.ts';
import { keysCommand } from '../../src/commands/keys.ts';
import type { Terminal } from '../../src/commands/terminal.ts';
import { startProgram } from '../support/program.ts';
import { useScene } from '../support/scene.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

const scene = useScene();
const ONE = { applications: { billing: {} } };

interface Call {
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly terminal?: Partial<Pick<Terminal, 'ask' | 'isInteractive'>>;
}

async function create(on: Arranged, description: string, { yes = true, json = false, terminal: more = {} }: Call = {}) {
  const terminal = pretendTerminal(on.env, more);
  const options = { config: on.config, issuer: 'local', create: description, yes, json };
  const code = await keysCommand(options, terminal).catch((error: unknown) => complain(error, terminal));
  return { code, text: terminal.written(), complaint: terminal.complained() };
}

const all = ({ sandbox }: Arranged) => sandbox.credentials(sandbox.instance);

test('keys --create makes a credential with that description and prints its secret once, on standard output only', async () => {
  const on = await arrange(ONE);
  const { code, text, complaint } = await create(on, 'for the migration in May', { terminal: { isInteractive: true } });
  expect(code).toBe(0);
  const [made] = all(on);
  expect(made?.description).toBe('for the migration in May');
  const secret = made?.secretAccessKey ?? '';
  expect(text.split(secret)).toHaveLength(2);
  expect(text).toContain(`access key id      ${made?.accessKeyId}\n`);
  expect(complaint).not.toContain(secret);
  expect(complaint).toContain('shown this once');
});

test('keys --create --json is one object for a program, and nothing stands beside it', async () => {
  const on = await arrange(ONE);
  const { code, text, complaint } = await create(on, 'for a script', { json: true });
  const [made] = all(on);
  expect([code, complaint]).toEqual([0, '']);
  expect(JSON.parse(text)).toEqual({
    issuer: 'local',
    instance: on.sandbox.instance,
    description: 'for a script',
    credential_id: made?.id,
    access_key_id: made?.accessKeyId,
    secret_access_key: made?.secretAccessKey,
    endpoint: on.sandbox.s3,
    region: 'sandbox',
  });
});

test('the program shows the secret on its standard output, and nobody can read it again', async () => {
  const on = await arrange(ONE);
  const run = async (...more: string[]) => {
    const program = startProgram(scene, ['keys', 'local', '--config', on.config, ...more], on.env);
    expect((await program.exited).code).toBe(0);
    return program.output();
  };
  const output = await run('--create', 'by the program', '--yes');
  const secret = all(on)[0]?.secretAccessKey ?? '?';
  expect(output.split(secret)).toHaveLength(2);
  const again = await run('--json');
  expect(again).toContain('by the program');
  expect(again).not.toContain(secret);
});

test('what was created by hand is foreign to rekeyd', async () => {
  const on = await arrange(ONE);
  await create(on, 'for the migration in May');
  const terminal = pretendTerminal(on.env);
  await keysCommand({ config: on.config, issuer: 'local', yes: false, json: true }, terminal);
  expect(JSON.parse(terminal.written()).credentials).toMatchObject([{ state: 'foreign' }]);
});

test('on a terminal it asks first, with what is in use, and creates nothing after a no', async () => {
  const on = await arrange({ ...ONE, limits: { credentials: 5 } });
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return 'no';
  };
  const { code, text } = await create(on, 'for May', { yes: false, terminal: { ask } });
  expect([code, text, all(on)]).toEqual([1, '', []]);
  expect(asked[0]).toContain(`Create a credential on ${on.sandbox.instance} (local) with the description "for May"?`);
  expect((await create(on, 'for May', { yes: false, terminal: { ask: async () => 'y' } })).code).toBe(0);
  await create(on, 'for May', { yes: false, terminal: { ask } });
  expect(asked[1]).toContain(`There is one with that description already: ${all(on)[0]?.accessKeyId}.`);
  expect(all(on)).toHaveLength(1);
});

test('without a terminal it needs --yes', async () => {
  const on = await arrange(ONE);
  const { code, complaint } = await create(on, 'for May', { yes: false });
  expect([code, all(on)]).toEqual([2, []]);
  expect(complaint).toContain('say --yes');
});

test.each([
  ['', 'needs a description'],
  ['  ', 'needs a description'],
  ['rekeyd:commands/billing/1/0a1b2c3d-69b007c0cafe0123', 'would look as if rekeyd had issued it'],
  [' REKEYD : mine', 'would look as if rekeyd had issued it'],
  ['two\nlines', 'one line without control characters'],
])('the description %j is refused, even with --yes', async (description, why) => {
  const on = await arrange(ONE);
  const { code, text, complaint } = await create(on, description);
  expect([code, text, all(on)]).toEqual([2, '', []]);
  expect(complaint).toContain(why);
});

test('where the quota is full nothing is created, even with --yes', async () => {
  const on = await arrange({ ...ONE, limits: { credentials: 1 } });
  await create(on, 'the first');
  const { code, text, complaint } = await create(on, 'the second');
  expect([code, text]).toEqual([1, '']);
  expect(complaint).toContain('1 of 1 credentials');
  expect(all(on)).toHaveLength(1);
});

test('where the answer is lost it says that one may be there, and where to look', async () => {
  const on = await arrange(ONE);
  const path = '/objectstorage/createcredential';
  on.sandbox.servers.glesys.faults.add({ fault: 'drop_after', path });
  const { code, text, complaint } = await create(on, 'for May');
  expect([code, text]).toEqual([1, '']);
  expect(complaint).toContain('It may have been created all the same');
  expect(complaint).toContain('rekeyd keys local');
  expect(complaint).not.toContain(all(on)[0]?.secretAccessKey ?? '?');
});
