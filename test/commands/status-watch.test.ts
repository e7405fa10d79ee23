import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { type StatusOptions, statusCommand } from '../../src/commands/status.ts';
import { poll } from '../support/poll.ts';
import { type PretendTerminal, pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

const TWO = { applications: { billing: {}, reports: {} } };
const PATIENCE_MS = 60_000;

/** A watch that ends with the test. */
function watch(on: Arranged, more: Partial<StatusOptions> = {}, screen: Parameters<typeof pretendTerminal>[1] = {}) {
  const terminal = pretendTerminal(on.env, screen);
  const options = { config: on.config, applications: [], json: false, watch: true, pauseMs: 300, ...more };
  const ended = statusCommand(options, terminal);
  onTestFinished(() => terminal.stop());
  const stop = () => {
    terminal.stop();
    return ended;
  };
  return { terminal, stop };
}

const rotate = (on: Arranged, application: string) =>
  rotateCommand(
    { config: on.config, applications: [application], all: false, despite: [], json: true },
    pretendTerminal(on.env),
  );

const saying = (terminal: PretendTerminal, what: string | RegExp) =>
  poll(String(what), PATIENCE_MS, async () => {
    const text = stripVTControlCharacters(terminal.written());
    return (typeof what === 'string' ? text.includes(what) : what.test(text)) ? text : undefined;
  });

/** Blocks begin with a time. */
const blocksIn = (text: string) => text.split(/^(?=\d{4}-\d\d-\d\dT)/m);

test('in a pipe a watch tells everything once, and then each change by itself', async () => {
  const on = await arrange(TWO);
  await rotate(on, 'reports');
  const lists = on.count('glesys', '/objectstorage/instancedetails');
  const { terminal, stop } = watch(on);
  await saying(terminal, '2 applications: 1 new, 1 well');
  // nothing changes meanwhile, so nothing is told
  await poll('more looks', PATIENCE_MS, async () => (lists() >= 3 ? true : undefined));
  expect(blocksIn(terminal.written())).toHaveLength(1);
  await rotate(on, 'billing');
  await saying(terminal, /billing +current/);
  expect(await stop()).toBe(0);
  // a look may have fallen into the middle of the rotation
  const [first, ...others] = blocksIn(terminal.written());
  expect(first).toMatch(/billing +new.*\nreports +current/);
  expect(others.at(-1)).toContain('2 applications: all well');
  for (const block of others) expect(block).not.toMatch(/^reports/m);
});

test('a watch in a pipe repeats nothing while a grace goes by, and heads a change with the sum over all', async () => {
  const on = await arrange(TWO);
  await rotate(on, 'billing');
  await rotate(on, 'billing');
  await rotate(on, 'reports');
  const lists = on.count('glesys', '/objectstorage/instancedetails');
  const { terminal, stop } = watch(on);
  await poll('more looks', PATIENCE_MS, async () => (lists() >= 6 ? true : undefined));
  expect(blocksIn(terminal.written())).toHaveLength(1);
  const data = on.sandbox.vaultStore.peek('apps/billing') ?? {};
  on.sandbox.vaultStore.poke('apps/billing', { ...data, region: 'elsewhere' });
  await saying(terminal, /^billing +refused/m);
  await rotate(on, 'reports');
  await saying(terminal, /^reports +in-grace/m);
  await stop();
  const [, ...changes] = blocksIn(terminal.written());
  for (const change of changes) expect(change).toContain('2 applications: 1 refused, 1 well');
  expect(changes.at(-1)).not.toMatch(/^billing/m);
});

test('a watch as JSON has one line for each change', async () => {
  const on = await arrange(TWO);
  const { terminal, stop } = watch(on, { json: true });
  await saying(terminal, '\n');
  await rotate(on, 'billing');
  await saying(terminal, '"current"');
  await stop();
  const lines = terminal
    .written()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const told = lines.map(({ applications }) =>
    applications.map(({ application, state }: Record<string, string>) => `${application} ${state}`),
  );
  expect([told[0], told.at(-1)]).toEqual([['billing new', 'reports new'], ['billing current']]);
});

test('each look of a watch asks for one list and reads each record once', async () => {
  const on = await arrange(TWO);
  const lists = on.count('glesys', '/objectstorage/instancedetails');
  const reads = on.count('vault', '/v1/secret/data/');
  const { stop } = watch(on);
  await poll('three looks', PATIENCE_MS, async () => (lists() >= 3 ? true : undefined));
  await stop();
  expect(reads()).toBeGreaterThanOrEqual(2 * lists());
  // a fourth look may have begun to read
  expect(reads()).toBeLessThanOrEqual(2 * lists() + 2);
});

test('on a terminal a watch draws on the other screen, within its lines and columns, and leaves its last picture', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `app-${index}`);
  const on = await arrange({ applications: Object.fromEntries(names.map((name) => [name, {}])) });
  const { terminal, stop } = watch(on, {}, { isInteractive: true, columns: 60, rows: 20 });
  await saying(terminal, 'Ctrl-C ends');
  expect(await stop()).toBe(0);
  const [before, after] = terminal.written().split('\u001b[?1049l');
  expect(before?.startsWith('\u001b[?1049h')).toBe(true);
  const pictures = (before ?? '').split('\u001b[H').slice(1);
  expect(pictures.length).toBeGreaterThan(0);
  for (const picture of pictures) {
    const lines = stripVTControlCharacters(picture).split('\r\n');
    expect(lines.length).toBeLessThanOrEqual(20);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  }
  expect(stripVTControlCharacters(after ?? '')).toContain('30 applications: 30 new');
});

test('a watch knows since when a trouble stands that it saw begin', async () => {
  const on = await arrange(TWO);
  await rotate(on, 'billing');
  const { terminal, stop } = watch(on, { json: true, applications: ['billing'] });
  await saying(terminal, '\n');
  on.sandbox.servers.vault.faults.add({ fault: 'status', status: 403, path: '/v1/secret/data/apps/billing' });
  await saying(terminal, '"failing"');
  expect(await stop()).toBe(1);
  const last = JSON.parse(terminal.written().trimEnd().split('\n').at(-1) ?? '');
  expect(Date.parse(last.applications[0].trouble.since)).toBeLessThanOrEqual(Date.parse(last.at));
});
