import { expect, test } from 'vitest';
import { checkCommand } from '../../src/commands/check.ts';
import { runCommand } from '../../src/commands/run.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

const THREE = { applications: { billing: {}, reports: {}, archive: {} } };

/** What check says, line by line, without the times. */
async function check({ config, env }: Arranged) {
  const terminal = pretendTerminal(env);
  const code = await checkCommand({ config, offline: false, json: false }, terminal);
  const lines = terminal.written().trimEnd().split('\n');
  return { code, lines, plain: lines.map((line) => line.replace(/ \(\d+ ms\)$/, '')) };
}

test('check has a line with its time for each thing that it tried, applications in the policy’s order', async () => {
  const on = await arrange(THREE);
  on.sandbox.servers.vault.faults.add({ fault: 'delay', delay_ms: 50, path: '/v1/secret/data/apps/billing' });
  const { code, lines, plain } = await check(on);
  expect(code).toBe(0);
  const { vault, s3, instance } = on.sandbox;
  expect(plain).toEqual([
    `ok       policy ${on.config}: 3 applications`,
    `ok       log in to Vault at ${vault} (approle)`,
    `ok       list ${instance} at issuer local: 0 credentials in use`,
    `ok       reach S3 at ${s3}`,
    'ok       application billing: no credential yet; would issue generation 1 (first)',
    'ok       application reports: no credential yet; would issue generation 1 (first)',
    'ok       application archive: no credential yet; would issue generation 1 (first)',
  ]);
  for (const line of lines.slice(1)) expect(line).toMatch(/ \(\d+ ms\)$/);
});

test('check tries the conditions of every application, due or not, with one list for all of them', async () => {
  const on = await arrange(THREE);
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  const conditions = on.count('vault', '/v1/sys/capabilities-self');
  const lists = on.count('glesys', '/objectstorage/instancedetails');
  const { code, plain } = await check(on);
  expect(code).toBe(0);
  expect(plain.slice(-3)).toEqual([
    'ok       application billing: generation 1',
    'ok       application reports: generation 1',
    'ok       application archive: generation 1',
  ]);
  expect(conditions()).toBe(3);
  // the issuer's own line, and all applications together
  expect(lists()).toBe(2);
});

test('check is 1 and says the reason and the way out where something is wrong with one application', async () => {
  const on = await arrange(THREE);
  on.sandbox.vaultStore.poke('apps/reports', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  const { code, plain } = await check(on);
  expect(code).toBe(1);
  const at = plain.indexOf('wrong    application reports: unmanaged');
  expect(at).toBeGreaterThan(0);
  expect(plain[at + 1]).toMatch(/^ {9}\S/);
  expect(plain[at + 2]).toMatch(/^ {9}\S/);
});

test('check tells what many applications have in common once, last, and names the first five', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const on = await arrange({ applications: Object.fromEntries(names.map((name) => [name, {}])) });
  on.sandbox.vaultStore.poke('apps/g', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  // the words of each name its own path
  on.sandbox.servers.vault.faults.add({ fault: 'status', status: 500, path: '/v1/secret/data/apps' });
  const { code, plain } = await check(on);
  expect(code).toBe(1);
  const wrong = plain.filter((line) => line.startsWith('wrong'));
  expect(wrong).toEqual([expect.stringMatching(/^wrong {4}applications a, b, c, d, e and 2 more: vault-/)]);
  expect(plain.at(-2)).toContain('…');
});

test('check --json has one finding per application, in snake_case', async () => {
  const on = await arrange(THREE);
  const terminal = pretendTerminal(on.env);
  await checkCommand({ config: on.config, offline: false, json: true }, terminal);
  const findings = JSON.parse(terminal.written()) as Record<string, unknown>[];
  expect(findings.slice(-3).map(({ what }) => String(what).split(':')[0])).toEqual([
    'application billing',
    'application reports',
    'application archive',
  ]);
  expect(Object.keys(findings.at(-1) ?? {})).toEqual(['what', 'is', 'duration_ms']);
});

test('check --offline counts the applications too', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const terminal = pretendTerminal();
  expect(await checkCommand({ config: on.config, offline: true, json: false }, terminal)).toBe(0);
  expect(terminal.written()).toBe(`ok       policy ${on.config}: 1 application\n`);
});

test('check counts what is not ours on the instance, and says what to do about what nobody claims', async () => {
  const on = await arrange(THREE);
  const { account, instance } = on.sandbox;
  await account.create(instance, 'made by hand');
  await account.create(instance, 'rekeyd:commands/gone/3/0a1b2c3d-69b007c0cafe0123');
  const { plain } = await check(on);
  const line = plain.find((one) => one.includes(`list ${instance}`));
  expect(line).toContain('2 credentials in use, of them 1 unclaimed');
  expect(line).toContain('revoke them in the control panel if nobody uses them');
  expect(line).toContain('and 1 foreign');
});
