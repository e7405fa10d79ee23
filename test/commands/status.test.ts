import { expect, test } from 'vitest';
import { retireCommand } from '../../src/commands/retire.ts';
import { runCommand } from '../../src/commands/run.ts';
import { type StatusOptions, statusCommand } from '../../src/commands/status.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange, endGrace } from './arrange.ts';
import { recordOf, rotated } from './steering.ts';

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

/** Puts something else into a record. */
function amendRecord(on: Arranged, application: string, more: object): void {
  const data = on.sandbox.vaultStore.peek(`apps/${application}`) ?? {};
  const record = { ...recordOf(on, application), ...more };
  on.sandbox.vaultStore.poke(`apps/${application}`, { ...data, rekeyd: JSON.stringify(record) });
}

const rotateAt = (on: Arranged, application: string, time: number) =>
  amendRecord(on, application, { rotate_at: new Date(time).toISOString() });

test('status of one application has no line that is wider than the terminal', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing', 2);
  endGrace(on, 'billing');
  rotateAt(on, 'billing', Date.now() - 600_000);
  for (const columns of [70, 50]) {
    const terminal = pretendTerminal(on.env, { columns });
    await statusCommand({ config: on.config, applications: ['billing'], json: false }, terminal);
    for (const line of terminal.written().split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    expect(terminal.written()).toContain(recordOf(on, 'billing').rotate_at);
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
  rotateAt(on, 'billing', Date.now() - 3 * 3_600_000 - 60_000);
  const lines = await statusOn(on, {}, 24);
  expect(lines[0]).toBe('1 application: 1 overdue; next: billing: issue generation 2 (due) now');
  expect(lines.at(-1)).toMatch(/^billing +overdue for 3h /);
});

test('status says of what is overdue who knows why, and what tries it now', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  await rotated(on, 'billing');
  await rotated(on, 'reports');
  for (const name of ['billing', 'reports']) rotateAt(on, name, Date.now() - 600_000);
  const lines = await status(on, Number.POSITIVE_INFINITY);
  expect(lines.slice(2, 5)).toEqual([
    'billing, reports: overdue',
    '  its time of rotation is past, and no hold makes it wait',
    '  A look cannot tell why: where a daemon runs, its page, its log and /api/v1/applications/APP do. rekeyd rotate APP tries it now and says why.',
  ]);
});

test('status does not call well what should have been revoked, and says who knows why and what tries it now', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  await rotated(on, 'reports', 2);
  await rotated(on, 'billing', 2);
  endGrace(on, 'billing');
  const key = recordOf(on, 'billing').superseded[0]?.access_key_id ?? '';
  const lines = await status(on, Number.POSITIVE_INFINITY);
  expect(lines.slice(0, 5)).toEqual([
    `2 applications: 1 with an overdue key, 1 well; next: billing: revoke ${key} now`,
    '',
    'billing: revocation-overdue',
    '  its grace is over, and a superseded credential still lives',
    `  A look cannot tell why: where a daemon runs, its page, its log and /api/v1/applications/billing do. rekeyd revoke local ${key} tries it now and says why.`,
  ]);
  expect(lines.at(-3)).toMatch(new RegExp(`^billing +in-grace, key overdue .* now: revoke ${key}`));
  const detailed = (await statusOn(on, { applications: ['billing'] }, 24)).join('\n');
  expect(detailed).toMatch(
    new RegExp(`  ${key}  rotated, should have been revoked \\d+y ago, at 2020-01-01T00:00:00.000Z`),
  );
  expect(detailed).not.toContain('lives until');
});

test('status calls no key overdue that a hold or a secret keeps alive', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  await rotated(on, 'billing', 2);
  await rotated(on, 'reports', 2);
  endGrace(on, 'billing');
  endGrace(on, 'reports');
  const data = on.sandbox.vaultStore.peek('apps/billing') ?? {};
  const key = recordOf(on, 'billing').superseded[0]?.access_key_id;
  on.sandbox.vaultStore.poke('apps/billing', { ...data, pasted: key });
  const until = new Date(Date.now() + 3_600_000).toISOString();
  amendRecord(on, 'reports', { hold: { until, by: 'anna', why: 'freeze' } });
  const text = (await status(on, Number.POSITIVE_INFINITY)).join('\n');
  expect(text).toContain('2 applications: 1 with a notice, 1 well');
  expect(text).toContain('billing: still-referenced');
  expect(text).not.toContain('overdue');
});

test('status counts apart what was taken out of service', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  await rotated(on, 'billing');
  await rotated(on, 'reports');
  await retireCommand(
    { config: on.config, application: 'reports', yes: true, deleteSecret: false },
    pretendTerminal(on.env),
  );
  const lines = await status(on, Number.POSITIVE_INFINITY);
  expect(lines[0]).toMatch(/^2 applications: 1 well, 1 out of service; next: billing: rotate in /);
  expect(lines).toContain('reports: retired');
  expect(lines.at(-2)).toMatch(/^reports +retired .* out of service /);
  endGrace(on, 'reports');
  const late = await status(on, Number.POSITIVE_INFINITY);
  expect(late[0]).toMatch(/^2 applications: 1 with an overdue key, 1 well; next: reports: revoke \w+ now$/);
  expect(late).toContain('reports: revocation-overdue');
});

test('status names as next what is due now, and skips what is refused', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {}, archive: {} } });
  await rotated(on, 'billing');
  await rotated(on, 'reports');
  rotateAt(on, 'reports', Date.now() - 1_000);
  const data = on.sandbox.vaultStore.peek('apps/billing') ?? {};
  on.sandbox.vaultStore.poke('apps/billing', { ...data, region: 'elsewhere' });
  const named = { config: on.config, applications: ['billing', 'reports'], json: false };
  const terminal = pretendTerminal(on.env);
  await statusCommand(named, terminal);
  const [first] = terminal.written().split('\n');
  expect(first).toBe('2 applications: 1 refused, 1 well; next: reports: issue generation 2 (due) now');
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
