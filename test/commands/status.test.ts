import { expect, test } from 'vitest';
import { runCommand } from '../../src/commands/run.ts';
import { statusCommand } from '../../src/commands/status.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

/** What status says on a terminal of so many columns. */
async function status({ config, env }: Arranged, columns: number): Promise<string[]> {
  const terminal = pretendTerminal(env, { columns });
  await statusCommand({ config, applications: [], json: false }, terminal);
  return terminal.written().split('\n');
}

const headOf = ([head = '']: readonly string[]) => head.split(/ {2,}/);

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

test('status tells a server that is down once for all applications', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  on.sandbox.servers.glesys.faults.add({ fault: 'status', status: 500 });
  const lines = await status(on, Number.POSITIVE_INFINITY);
  expect(lines.filter((line) => /^\S+, \S+: /.test(line))).toEqual([
    expect.stringMatching(/^billing, reports: issuer-/),
  ]);
  expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(2);
});
