import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange, endGrace, generationOf } from './arrange.ts';
import { recordOf } from './steering.ts';

const THREE = { applications: { billing: {}, reports: {}, archive: {} } };

/** Rotates the named applications, all where none is named. */
async function rotate({ config, env }: Arranged, ...applications: string[]) {
  const terminal = pretendTerminal(env);
  const options = { config, applications, all: applications.length === 0, despite: [], json: true };
  const code = await rotateCommand(options, terminal);
  return { code, said: JSON.parse(terminal.written()) as Record<string, unknown>[] };
}

test('rotate --all gives every application a new credential, with one list for all of them', async () => {
  const on = await arrange(THREE);
  await rotate(on);
  const lists = on.count('glesys', '/objectstorage/instancedetails');
  const { code, said } = await rotate(on);
  expect(code).toBe(0);
  expect(said.map(({ application, rotated, generation }) => [application, rotated, generation]).toSorted()).toEqual([
    ['archive', true, 2],
    ['billing', true, 2],
    ['reports', true, 2],
  ]);
  expect(lists()).toBe(1);
  expect(on.sandbox.credentials(on.sandbox.instance)).toHaveLength(6);
});

test('rotate of an application that is named twice rotates it once', async () => {
  const on = await arrange(THREE);
  const { code, said } = await rotate(on, 'billing', 'billing');
  expect([code, said.length]).toEqual([0, 1]);
  expect(generationOf(on, 'billing')).toBe(1);
  expect(on.sandbox.credentials(on.sandbox.instance)).toHaveLength(1);
});

test('rotate --all is 1 when one of them is refused, and the others are rotated all the same', async () => {
  const on = await arrange(THREE);
  on.sandbox.vaultStore.poke('apps/reports', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  const { code, said } = await rotate(on);
  expect(code).toBe(1);
  expect(said.find(({ application }) => application === 'reports')).toMatchObject({
    rotated: false,
    trouble: { kind: 'refused', code: 'unmanaged' },
  });
  expect([generationOf(on, 'billing'), generationOf(on, 'archive')]).toEqual([1, 1]);
});

test('rotate is 1 when a credential whose grace is over cannot be revoked', async () => {
  const on = await arrange(THREE);
  await rotate(on, 'billing');
  await rotate(on, 'billing');
  endGrace(on, 'billing');
  on.sandbox.servers.glesys.faults.add({ fault: 'status', status: 500, path: '/objectstorage/deletecredential' });
  const { code, said } = await rotate(on, 'billing');
  expect(said[0]).toMatchObject({ rotated: true, generation: 3, notices: [{ code: 'revocation-failed' }] });
  expect(code).toBe(1);
});

/** Rotates all as a person at a terminal sees it. */
async function rotateAtTerminal({ config, env }: Arranged, columns = 100) {
  const terminal = pretendTerminal(env, { isInteractive: true, complaintColumns: columns, columns });
  const options = { config, applications: [], all: true, despite: [], json: false };
  const code = await rotateCommand(options, terminal);
  const plain = stripVTControlCharacters;
  return { code, text: plain(terminal.written()), beside: plain(terminal.complained()).split('\r') };
}

test('rotate --all on a terminal shows a bar that reaches its end and goes away, and no log line of what went well', async () => {
  const { code, text, beside } = await rotateAtTerminal(await arrange(THREE));
  expect(code).toBe(0);
  expect(beside).toContainEqual(expect.stringMatching(/^\[-{20}\] 0 of 3/));
  expect(beside).toContainEqual(expect.stringMatching(/^\[#{20}\] 3 of 3/));
  expect(beside.at(-1)).toBe('');
  expect(beside.filter((line) => line !== '' && !line.startsWith('['))).toEqual([]);
  expect(text.trimEnd().split('\n').at(-1)).toBe('3 of 3 rotated');
});

test('rotate says at the end what succeeded and what did not, and why', async () => {
  const on = await arrange(THREE);
  on.sandbox.vaultStore.poke('apps/reports', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  const { code, text } = await rotateAtTerminal(on);
  expect(code).toBe(1);
  expect(text).toMatch(/^billing: rotated to generation 1 /m);
  expect(text).toContain('reports: refused: unmanaged');
  expect(text.trimEnd().split('\n').at(-1)).toBe('2 of 3 rotated; 1 refused: reports');
});

test('rotate says what it did in lines that fit into the terminal, and breaks no key id in two', async () => {
  const on = await arrange(THREE);
  await rotateAtTerminal(on);
  for (const columns of [70, 50]) {
    const { text } = await rotateAtTerminal(on, columns);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    const { superseded, credential } = recordOf(on, 'billing');
    for (const key of [credential, ...superseded]) expect(text).toContain(key?.access_key_id);
  }
});

test('rotate in a pipe has no bar: log lines beside the result', async () => {
  const on = await arrange(THREE);
  const terminal = pretendTerminal(on.env);
  await rotateCommand({ config: on.config, applications: [], all: true, despite: [], json: false }, terminal);
  const events = terminal
    .complained()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).event);
  expect(events.filter((event) => event === 'rotation.done')).toHaveLength(3);
});

test('rotate that is stopped names what it did not begin', async () => {
  const on = await arrange(THREE);
  const terminal = pretendTerminal(on.env);
  terminal.stop();
  expect(
    await rotateCommand({ config: on.config, applications: [], all: true, despite: [], json: true }, terminal),
  ).toBe(1);
  expect(terminal.complained()).toContain('stopped before 3 more: billing, reports, archive');
});
