import { expect, test } from 'vitest';
import { holdCommand } from '../../src/commands/hold.ts';
import { planCommand } from '../../src/commands/plan.ts';
import { retireCommand } from '../../src/commands/retire.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { runCommand } from '../../src/commands/run.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange, endGrace } from './arrange.ts';
import { recordOf, rotated } from './steering.ts';

const TWO = { applications: { billing: {}, reports: {} } };

async function plan({ config, env }: Arranged, days = 40, applications: string[] = []) {
  const terminal = pretendTerminal(env);
  const code = await planCommand({ config, applications, days, json: true }, terminal);
  return { code, ...JSON.parse(terminal.written()) };
}

async function planText({ config, env }: Arranged, days = 7, columns = Number.POSITIVE_INFINITY): Promise<string> {
  const terminal = pretendTerminal(env, { columns });
  await planCommand({ config, days, json: false }, terminal);
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
  ).toEqual(expect.arrayContaining(['billing: issue generation 2', 'reports: revoke generation 1']));
  // each is issued now and in thirty days, and its first one revoked a day later
  expect(issuer_calls).toBe(6);
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

test('plan with names is about those only, and one that the policy does not have is a mistake', async () => {
  const on = await arrange(TWO);
  const { applications, coming } = await plan(on, 40, ['reports']);
  expect(applications.map(({ application }: { application: string }) => application)).toEqual(['reports']);
  expect(new Set(coming.map(({ application }: { application: string }) => application))).toEqual(new Set(['reports']));
  await expect(plan(on, 40, ['report'])).rejects.toThrow('no application report; it has billing, reports');
});

test('plan schedules and revokes nothing before a hold ends, and counts no calls for it', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing', 2);
  await holdCommand({ config: on.config, application: 'billing', until: '3d', why: '' }, pretendTerminal(on.env));
  const { coming, issuer_calls, calls } = await plan(on, 2);
  expect([coming, issuer_calls]).toEqual([[], 0]);
  expect(calls.issuers[0]).toMatchObject({ issues: 0, revokes: 0 });
  const { hold } = recordOf(on, 'billing');
  const [old] = recordOf(on, 'billing').superseded;
  const held = await plan(on, 4);
  expect(held.coming).toEqual([{ at: hold?.until, application: 'billing', what: `revoke ${old?.access_key_id}` }]);
});

test('plan shows the coming revocations of a retired application, and no issue', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const key = recordOf(on, 'billing').credential?.access_key_id;
  const retire = { config: on.config, application: 'billing', deleteSecret: false, yes: true };
  expect(await retireCommand(retire, pretendTerminal(on.env))).toBe(0);
  const { applications, coming } = await plan(on);
  expect(applications).toMatchObject([{ now: 'refused: retired' }]);
  expect(coming.map(({ what }: { what: string }) => what)).toEqual([`revoke ${key}`]);
});

test('plan of a secret that is to be adopted issues nothing before its schedule says so', async () => {
  const on = await arrange({ applications: { billing: { adopt: true } } });
  const made = await on.sandbox.account.create(on.sandbox.instance, 'made by hand');
  const own = { access_key_id: made.accessKeyId, secret_access_key: made.secretAccessKey };
  on.sandbox.vaultStore.poke('apps/billing', own);
  const { applications, coming, issuer_calls } = await plan(on);
  expect(applications).toMatchObject([{ now: 'adopt the secret that stands there' }]);
  expect(coming).toEqual([{ at: expect.anything(), application: 'billing', what: 'issue generation 2' }]);
  expect(Date.parse(coming[0].at)).toBeGreaterThan(Date.now() + 29 * 86_400_000);
  expect(issuer_calls).toBe(1);
});

test('plan calls a condition blocking only where the next step is an issue', async () => {
  const on = await arrange(TWO);
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  await rotateCommand(
    { config: on.config, applications: ['billing'], all: false, despite: [], json: true },
    pretendTerminal(on.env),
  );
  endGrace(on, 'billing');
  on.sandbox.vaultCore.policies.set('rekeyd', 'path "secret/data/*" { capabilities = ["read"] }');
  const { applications } = await plan(on);
  expect(applications[0]).toMatchObject({ now: expect.stringMatching(/^revoke \S+$/), unmet: [] });
});

test('plan of a short period over a long time is bounded, and says how it goes on', async () => {
  const on = await arrange({ applications: { often: { rotate: { every: '6s' }, grace: '3s' }, seldom: {} } });
  const { coming, and_so_on } = await plan(on, 400, ['often']);
  expect(coming).toHaveLength(1_000);
  expect(and_so_on).toEqual([{ application: 'often', goes: 'every 6s' }]);
  const text = await planText(on, 400);
  expect(text).toContain('\noften: and so on every 6s\n');
  expect(text).toMatch(/^more than \d+ steps in 400 days, each one call that changes something at an issuer\./m);
  expect(text).toMatch(/^Vault: more than \d+ reads/m);
});

test('plan counts one as one', async () => {
  const on = await arrange({ applications: { billing: {} } });
  expect(await planText(on, 1)).toContain('\n1 step in 1 day, each one call');
});

test('plan has no row that is wider than the terminal', async () => {
  const long = `${'long-name-'.repeat(4)}x`;
  const on = await arrange({ applications: { [long]: {} }, limits: { credentials: 1 } });
  await on.sandbox.account.create(on.sandbox.instance, 'made by hand');
  const rows = (await planText(on, 7, 80)).split('\n').filter((line) => line.includes(`${long}  `));
  expect(rows[0]).toMatch(/ {2}issue generation 1 .*…$/);
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(80);
});

test('plan has no words that are wider than the terminal', async () => {
  const on = await arrange({ applications: { billing: {}, reports: {} } });
  for (const columns of [70, 50]) {
    for (const line of (await planText(on, 40, columns)).split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  }
});

test('plan tells the calls that a daemon makes by then, and whether the issuer’s limit is enough', async () => {
  const on = await arrange({ ...TWO, limits: { per_second: 5 } });
  const { calls } = await plan(on, 1);
  const [local] = calls.issuers;
  // one list every five minutes
  expect(local).toMatchObject({ issuer: 'local', lists: 288, issues: 2, revokes: 0, total: 290 });
  expect(local.per_second).toMatchObject({ limit: 5 });
  expect(local.busiest_minute).toMatchObject({ changes: 2, takes_seconds: 0.4 });
  const text = await planText(on, 1);
  expect(text).toMatch(/^ISSUER +LISTS +ISSUES +REVOKES/m);
  expect(text).toMatch(/^local +288 +2 +0 /m);
  expect(text).toMatch(/^local: the busiest hour needs \S+ of the 5 calls a second that limits.per_second allows\.$/m);
});

test('plan says where the limit is too low for what comes', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `app-${index}`);
  const often = { rotate: { every: '30s' }, grace: '15s', consumers: { refresh: '5s' } };
  const on = await arrange({
    applications: Object.fromEntries(names.map((name) => [name, often])),
    limits: { per_second: 1 },
  });
  expect(await planText(on, 1)).toMatch(/^local: the busiest hour needs \S+ of the 1 calls .* rotations come late\./m);
});

test('plan about some applications counts the calls of those only', async () => {
  const on = await arrange(TWO);
  const { calls } = await plan(on, 1, ['reports']);
  expect(calls.issuers[0]).toMatchObject({ issues: 1 });
});
