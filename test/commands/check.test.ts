import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkCommand } from '../../src/commands/check.ts';
import { runCommand } from '../../src/commands/run.ts';
import { PolicyError } from '../../src/policy/load.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';

const THREE = { applications: { billing: {}, reports: {}, archive: {} } };

/** What check says, line by line, without the times. */
async function check({ config, env }: Arranged) {
  const terminal = pretendTerminal(env);
  const code = await checkCommand({ config, offline: false, json: false }, terminal);
  const lines = terminal.written().trimEnd().split('\n');
  return {
    code,
    lines,
    plain: lines.map((line) => line.replace(/ \(\d+ ms\)$/, '').replace(/for (59m \d+s|1h)$/, 'for 1h')),
  };
}

test('check has a line with its time for each thing that it tried, applications in the policy’s order', async () => {
  const on = await arrange(THREE);
  on.sandbox.servers.vault.faults.add({ fault: 'delay', delay_ms: 50, path: '/v1/secret/data/apps/billing' });
  const { code, lines, plain } = await check(on);
  expect(code).toBe(0);
  const { vault, s3, instance } = on.sandbox;
  expect(plain).toEqual([
    `ok       policy ${on.config}: 3 applications`,
    `ok       log in to Vault at ${vault} (approle): the token lives for 1h`,
    'ok       look at the mount secret: KV version 2',
    'ok       compare this machine’s clock with Vault’s: they agree',
    `ok       list ${instance} at issuer local: 0 credentials in use`,
    `ok       reach S3 at ${s3}`,
    'ok       application billing: no credential yet; would issue generation 1 (first)',
    'ok       application reports: no credential yet; would issue generation 1 (first)',
    'ok       application archive: no credential yet; would issue generation 1 (first)',
    'ok       read, create and update secret/apps/billing, secret/apps/reports, secret/apps/archive',
  ]);
  for (const line of lines.slice(1, -1)) expect(line).toMatch(/ \(\d+ ms\)$/);
});

test('check tries the conditions of every application, due or not, with one list for all of them', async () => {
  const on = await arrange(THREE);
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  const conditions = on.count('vault', '/v1/sys/capabilities-self');
  const lists = on.count('glesys', '/objectstorage/instancedetails');
  const { code, plain } = await check(on);
  expect(code).toBe(0);
  expect(plain.filter((line) => line.includes('application '))).toEqual([
    'ok       application billing: generation 1',
    'ok       application reports: generation 1',
    'ok       application archive: generation 1',
  ]);
  expect(plain.at(-1)).toMatch(/^ok {7}next rotations: (\w+ \d{4}-\d\d-\d\dT\d\d:\d\dZ(, )?){3}$/);
  // the mount's own line, and each application
  expect(conditions()).toBe(4);
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
  expect(findings.slice(-4, -1).map(({ what }) => String(what).split(':')[0])).toEqual([
    'application billing',
    'application reports',
    'application archive',
  ]);
  expect(Object.keys(findings.at(-2) ?? {})).toEqual(['what', 'is', 'duration_ms']);
});

test.each([true, false])(
  'check --json of a wrong policy prints its mistakes as findings (--offline %s)',
  async (offline) => {
    const on = await arrange(THREE);
    const policy = (await readFile(on.config, 'utf8')).replace('"owner":"commands"', '"owner":"Commands"');
    await writeFile(on.config, policy);
    const terminal = pretendTerminal(on.env);
    const checked = checkCommand({ config: on.config, offline, json: true }, terminal);
    await expect(checked).rejects.toThrow(PolicyError);
    const message = 'owner: "Commands" will not do; it has 1 to 32 of a-z, 0-9 and "-"';
    const problem = { code: 'policy-mistake', reason: message, remedy: '' };
    expect(JSON.parse(terminal.written())).toEqual([
      { what: 'policy', is: 'wrong', problem, file: on.config, line: 1, column: 10, message },
    ]);
  },
);

test('check --json of a policy whose secrets are missing prints where they are referred to', async () => {
  const on = await arrange(THREE);
  const { API_KEY: _, ...env } = on.env;
  const terminal = pretendTerminal(env);
  await expect(checkCommand({ config: on.config, offline: false, json: true }, terminal)).rejects.toThrow(PolicyError);
  const place = { file: on.config, line: 1, column: expect.any(Number) };
  const message = expect.stringMatching(/^issuers\.local\.api_key: the environment variable API_KEY is not set/);
  expect(JSON.parse(terminal.written())).toMatchObject([{ is: 'wrong', ...place, message }]);
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
  expect(line).toContain('rekeyd keys local shows them, and what to do');
  expect(line).toContain('and 1 foreign');
});

test('check of many applications sums up those that are well, and names what is not', async () => {
  const names = Array.from({ length: 25 }, (_, index) => `app-${index}`);
  const on = await arrange({ applications: Object.fromEntries(names.map((name) => [name, {}])) });
  on.sandbox.vaultStore.poke('apps/app-7', { access_key_id: 'AKHAND', secret_access_key: 'by-hand' });
  const { code, plain } = await check(on);
  expect(code).toBe(1);
  expect(plain.filter((line) => line.startsWith('ok       application '))).toEqual([]);
  expect(plain).toContain('ok       24 of 25 applications are well');
  expect(plain).toContain('wrong    application app-7: unmanaged');
  expect(plain.find((line) => line.includes('read, create and update'))).toMatch(/apps\/app-4 and 20 more$/);
});

test('check says which paths the token may not write', async () => {
  const on = await arrange(THREE);
  on.sandbox.vaultCore.policies.set(
    'rekeyd',
    `path "secret/data/*" { capabilities = ["read"] }
     path "secret/data/apps/billing" { capabilities = ["create", "read", "update"] }`,
  );
  const { code, plain } = await check(on);
  expect(code).toBe(1);
  expect(plain).toContain('wrong    applications reports, archive: path-not-writable');
  expect(plain).toContain('ok       read, create and update secret/apps/billing');
});

test('check says where the clocks are too far apart', async () => {
  const on = await arrange(THREE);
  const date = new Date(Date.now() - 600_000).toUTCString();
  const absent = { fault: 'status', status: 404, body: '{"errors":[]}', headers: { date } } as const;
  on.sandbox.servers.vault.faults.add({ ...absent, path: '/v1/secret/data/apps/billing' });
  const { code, plain } = await check(on);
  expect(code).toBe(1);
  const at = plain.indexOf('wrong    compare this machine’s clock with Vault’s: clocks-disagree');
  expect(at).toBeGreaterThan(0);
  expect(plain[at + 1]).toMatch(/(600|601) s apart/);
});

test('check says what is wrong with the mount on a line of its own', async () => {
  const on = await arrange(THREE);
  const policy = (await readFile(on.config, 'utf8')).replace('"vault":{', '"vault":{"mount":"nothing",');
  await writeFile(on.config, policy);
  const { code, plain } = await check(on);
  expect(code).toBe(1);
  expect(plain).toContain('wrong    look at the mount nothing: mount-not-kv2');
});

test('check warns where what answers at the endpoint does not look like S3, and says what to do', async () => {
  const on = await arrange(THREE);
  const policy = JSON.parse(await readFile(on.config, 'utf8'));
  policy.issuers.local.endpoint = on.sandbox.vault;
  await writeFile(on.config, JSON.stringify(policy));
  const { code, plain } = await check(on);
  const at = plain.indexOf(`warning  reach S3 at ${on.sandbox.vault}: unlike-s3`);
  expect(at).toBeGreaterThan(0);
  expect(plain[at + 2]).toContain('Check endpoint in the policy');
  expect(code).toBe(0);
});

test.each([
  ['refuses in XML', 403, {}, '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
  ['lists what everybody may see', 200, {}, '<ListAllMyBucketsResult xmlns="x"><Buckets/></ListAllMyBucketsResult>'],
  ['sends to a page about itself as AWS does', 307, { 'x-amz-request-id': '1', location: '/s3/' }, ''],
] as const)('check takes for S3 what %s', async (_, status, headers, body) => {
  const on = await arrange(THREE);
  on.sandbox.servers.s3.faults.add({ fault: 'status', status, body, headers, path: '/' });
  const { plain } = await check(on);
  expect(plain).toContain(`ok       reach S3 at ${on.sandbox.s3}`);
});

test('check does not call webhooks', async () => {
  const on = await arrange(THREE);
  await writeFile(join(dirname(on.config), 'hook-secret'), `whsec_${randomBytes(32).toString('base64')}`);
  const hook = { url: 'http://127.0.0.1:9/hook', secret: { file: 'hook-secret' }, events: ['rotation.failed'] };
  const policy = JSON.parse(await readFile(on.config, 'utf8'));
  await writeFile(on.config, JSON.stringify({ ...policy, webhooks: [hook] }));
  const { code, plain } = await check(on);
  expect(plain.at(-1)).toBe('ok       1 webhook, not called');
  expect(code).toBe(0);
});
