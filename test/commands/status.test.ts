import { expect, test } from 'vitest';
import { runCommand } from '../../src/commands/run.ts';
import { type StatusOptions, statusCommand } from '../../src/commands/status.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

/** What status says on a terminal of so many columns. */
async function status({ config, env }: Arranged, columns: number): Promise<string[]> {
  const terminal = pretendTerminal(env, { columns });
  await statusCommand({ config, applications: [], json: false }, terminal);
  return terminal.written().split('\n');
}

const headOf = (lines: readonly string[]) => lines.find((line) => line.startsWith('APPLICATION'))?.split(/ {2,}/);

test('status has no row that is wider than the terminal: age, then key id are left out', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  const whole = await status(on, Number.POSITIVE_INFINITY);
  const all = ['APPLICATION', 'STATE', 'GENERATION', 'ACCESS KEY ID', 'AGE', 'NEXT', 'WAITING'];
  expect(headOf(whole)).toEqual(all);
  for (const [columns, missing] of [
    [100, []],
    [80, ['AGE']],
    [70, ['AGE', 'ACCESS KEY ID']],
  ] as const) {
    const lines = await status(on, columns);
    expect(headOf(lines)).toEqual(all.filter((name) => !missing.some((one) => one === name)));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  }
});

const NAMES = Array.from({ length: 40 }, (_, index) => `app-${String(index).padStart(2, '0')}`);

/** Forty applications, of which the last but one was edited by hand. */
async function forty(): Promise<Arranged> {
  const on = await arrange({ applications: Object.fromEntries(NAMES.map((name) => [name, {}])) });
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  const path = 'apps/app-38';
  on.sandbox.vaultStore.poke(path, { ...on.sandbox.vaultStore.peek(path), region: 'elsewhere' });
  return on;
}

async function statusOn({ config, env }: Arranged, more: Partial<StatusOptions>, rows: number): Promise<string[]> {
  const terminal = pretendTerminal(env, { columns: 100, rows });
  await statusCommand({ config, applications: [], json: false, ...more }, terminal);
  return terminal.written().trimEnd().split('\n');
}

test('status says in its first line how many are not well, and has them first, above and in the table', async () => {
  const lines = await statusOn(await forty(), {}, Number.POSITIVE_INFINITY);
  expect(lines[0]).toMatch(/^40 applications: 1 refused, 39 well; next: app-\d\d: rotate in 29d$/);
  expect(lines[2]).toBe('app-38: edited');
  const rows = lines.filter((line) => line.startsWith('app-') && / {2}/.test(line));
  expect(rows[0]).toMatch(/^app-38 +refused .*a person decides/);
  expect(rows.slice(1).map((row) => row.slice(0, 6))).toEqual(NAMES.filter((name) => name !== 'app-38'));
});

test('status shows as many as fit on the screen and counts the others; with --all, or where nothing scrolls, all', async () => {
  const on = await forty();
  const lines = await statusOn(on, {}, 24);
  expect(lines.length).toBeLessThan(24);
  expect(lines.at(-1)).toMatch(/^… and \d+ more, all of them well \(--all shows them\)$/);
  const shown = lines.filter((line) => line.startsWith('app-') && / {2}/.test(line)).length;
  expect(lines.at(-1)).toContain(`and ${40 - shown} more`);
  expect((await statusOn(on, { all: true }, 24)).length).toBeGreaterThan(40);
});

test('status of one application shows it in detail, and one look claims to know of no beginning', async () => {
  const on = await forty();
  const lines = await statusOn(on, { applications: ['app-38'] }, 24);
  expect(lines[0]).toBe('1 application: 1 refused');
  expect(lines).toContain('app-38: apps/app-38, issuer local');
  const [entry] = JSON.parse((await statusOn(on, { applications: ['app-38'], json: true }, 24)).join('\n'));
  expect(entry.trouble).toMatchObject({ kind: 'refused', code: 'edited' });
  expect(entry.trouble).not.toHaveProperty('since');
});

test('status says for how long an application is overdue', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  const data = on.sandbox.vaultStore.peek('apps/billing') ?? {};
  const threeHoursAgo = new Date(Date.now() - 3 * 3_600_000 - 60_000).toISOString();
  const record = { ...JSON.parse(String(data['rekeyd'])), rotate_at: threeHoursAgo };
  on.sandbox.vaultStore.poke('apps/billing', { ...data, rekeyd: JSON.stringify(record) });
  const lines = await statusOn(on, {}, 24);
  expect(lines[0]).toBe('1 application: 1 overdue');
  expect(lines.at(-1)).toMatch(/^billing +overdue for 3h /);
});

test('status tells a server that is down once for all applications', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  on.sandbox.servers.glesys.faults.add({ fault: 'status', status: 500 });
  const lines = await status(on, Number.POSITIVE_INFINITY);
  expect(lines.filter((line) => /^\S+, \S+: /.test(line))).toEqual([
    expect.stringMatching(/^billing, reports: issuer-/),
  ]);
  expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(2);
});
