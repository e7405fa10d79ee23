import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { retireCommand } from '../../src/commands/retire.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { runCommand } from '../../src/commands/run.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange, endGrace, generationOf } from './arrange.ts';

const TWO = { applications: { billing: {}, reports: {} } };

async function runOnce({ config, env }: Arranged) {
  const terminal = pretendTerminal(env);
  const code = await runCommand({ config, once: true }, terminal);
  return { code, written: terminal.written(), complained: terminal.complained() };
}

test('run --once gives every application that has none a credential, and does nothing more the next time', async () => {
  const on = await arrange(TWO);
  const written = 'looked after 2 applications once; 0 in trouble\n';
  expect(await runOnce(on)).toEqual({ code: 0, written, complained: '' });
  const [lists, writes] = [
    on.count('glesys', '/objectstorage/instancedetails'),
    on.count('glesys', '/objectstorage/createcredential'),
  ];
  expect(await runOnce(on)).toEqual({ code: 0, written, complained: '' });
  expect([generationOf(on, 'billing'), generationOf(on, 'reports')]).toEqual([1, 1]);
  expect([lists(), writes()]).toEqual([1, 0]);
});

test('run --once is 1 when one application is refused, says why, and looks after the other', async () => {
  const on = await arrange(TWO);
  on.sandbox.vaultStore.poke('apps/billing', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  const { code, written } = await runOnce(on);
  expect(code).toBe(1);
  expect(written).toContain('billing: refused: unmanaged');
  expect(generationOf(on, 'reports')).toBe(1);
});

test('run --once is 1 for what is out of service until that is taken out of the policy', async () => {
  const on = await arrange(TWO);
  await runOnce(on);
  const call = { config: on.config, application: 'reports', yes: true, deleteSecret: false };
  expect(await retireCommand(call, pretendTerminal(on.env))).toBe(0);
  expect(await runOnce(on)).toMatchObject({ code: 1, written: expect.stringContaining('reports: refused: retired') });
  const policy = JSON.parse(await readFile(on.config, 'utf8'));
  delete policy.applications.reports;
  await writeFile(on.config, JSON.stringify(policy));
  expect(await runOnce(on)).toMatchObject({ code: 0 });
});

test('run --once is 1 and says why when a credential whose grace is over cannot be revoked', async () => {
  const on = await arrange(TWO);
  await runOnce(on);
  const options = { config: on.config, applications: ['billing'], all: false, despite: [], json: true };
  await rotateCommand(options, pretendTerminal(on.env));
  endGrace(on, 'billing');
  on.sandbox.servers.glesys.faults.add({ fault: 'status', status: 500, path: '/objectstorage/deletecredential' });
  const { code, written } = await runOnce(on);
  expect(code).toBe(1);
  expect(written).toContain('billing: revocation-failed');
});

test('without a terminal run --once has its result on standard output and log lines alone beside it', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const talking = (await readFile(on.config, 'utf8')).replace('"silent"', '"info"');
  await writeFile(on.config, talking);
  const { written, complained } = await runOnce(on);
  expect(written).toBe('looked after 1 application once; 0 in trouble\n');
  const events = complained
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).event);
  expect(events).toContain('rotation.done');
  expect(events.at(-1)).toBe('run.once');
});

test('run --once and rotate --all that are stopped at once issue nothing, say what is left, and end with 1', async () => {
  const on = await arrange(TWO);
  const issued = on.count('glesys', '/objectstorage/createcredential');
  const terminal = pretendTerminal(on.env);
  terminal.stop();
  expect(await runCommand({ config: on.config, once: true }, terminal)).toBe(1);
  expect(terminal.written()).toContain('stopped before 2 more');
  const call = { config: on.config, applications: [], all: true, despite: [], json: false };
  expect(await rotateCommand(call, terminal)).toBe(1);
  expect(terminal.complained()).toContain('stopped before 2 more');
  expect(issued()).toBe(0);
});
