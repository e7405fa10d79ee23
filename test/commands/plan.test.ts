import { expect, test } from 'vitest';
import { planCommand } from '../../src/commands/plan.ts';
import { runCommand } from '../../src/commands/run.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

const TWO = { applications: { billing: {}, reports: {} } };

async function plan({ config, env }: Arranged, days = 40) {
  const terminal = pretendTerminal(env);
  const code = await planCommand({ config, days, json: true }, terminal);
  return { code, ...JSON.parse(terminal.written()) };
}

async function planText({ config, env }: Arranged): Promise<string> {
  const terminal = pretendTerminal(env);
  await planCommand({ config, days: 7, json: false }, terminal);
  return terminal.written();
}

test('plan shows what a first run would do with each application, in the policy’s order, and touches nothing', async () => {
  const on = await arrange(TWO);
  const { code, applications, coming, issuer_calls } = await plan(on);
  expect(code).toBe(0);
  expect(applications).toEqual([
    { application: 'billing', now: 'issue generation 1 (first)', unmet: [], notices: [] },
    { application: 'reports', now: 'issue generation 1 (first)', unmet: [], notices: [] },
  ]);
  expect(
    coming.map(({ application, what }: { application: string; what: string }) => `${application}: ${what}`),
  ).toEqual(expect.arrayContaining(['billing: rotate to generation 2', 'reports: revoke generation 1']));
  expect(issuer_calls).toBe(8);
  expect(on.sandbox.credentials(on.sandbox.instance)).toEqual([]);
});

test('plan reads what is not due once and looks at no conditions of it', async () => {
  const on = await arrange(TWO);
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  const reads = on.count('vault', '/v1/secret/data/');
  const conditions = on.count('vault', '/v1/sys/capabilities-self');
  const { applications } = await plan(on);
  expect(applications.map(({ now }: { now: string }) => now)).toEqual(['nothing', 'nothing']);
  expect([reads(), conditions()]).toEqual([2, 0]);
});

test('plan shows where an application is blocked or refused, and why', async () => {
  const on = await arrange({ ...TWO, limits: { credentials: 1 } });
  await on.sandbox.account.create(on.sandbox.instance, 'made by hand');
  on.sandbox.vaultStore.poke('apps/reports', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  const { applications } = await plan(on);
  expect(applications).toMatchObject([
    {
      application: 'billing',
      now: 'issue generation 1 (first), but blocked: quota-full',
      unmet: [{ code: 'quota-full' }],
    },
    { application: 'reports', now: 'refused: unmanaged', trouble: { code: 'unmanaged' }, unmet: [] },
  ]);
  const text = await planText(on);
  expect(text).toContain('billing: quota-full\n  1 of 1 credentials of the instance are in use\n');
  expect(text).toContain('reports: unmanaged\n');
});
