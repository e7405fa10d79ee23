import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { complain } from '../../src/commands/complain.ts';
import { type KeysOptions, keysCommand } from '../../src/commands/keys.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { runCommand } from '../../src/commands/run.ts';
import { statusCommand } from '../../src/commands/status.ts';
import { UsageError } from '../../src/commands/terminal.ts';
import { formatMarker, newMarker } from '../../src/rotation/marker.ts';
import { cryptoHex } from '../../src/system.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange, endGrace } from './arrange.ts';

const TWO = { applications: { billing: {}, reports: {} } };

interface Key {
  readonly access_key_id: string;
  readonly state: string;
  readonly application?: string;
  readonly generation?: number;
  readonly adopted: boolean;
  readonly revoke_at?: string | null;
  readonly remedy?: string;
  readonly description: string;
}

async function keys(on: Arranged, more: Partial<KeysOptions> = {}, terminalMore = {}) {
  const terminal = pretendTerminal(on.env, terminalMore);
  const options = { config: on.config, issuer: 'local', yes: false, json: false, ...more };
  const code = await keysCommand(options, terminal).catch((error: unknown) => complain(error, terminal));
  return { code, text: terminal.written(), complaint: terminal.complained() };
}

async function keysJson(on: Arranged) {
  const { code, text } = await keys(on, { json: true });
  return { code, ...(JSON.parse(text) as { in_use: number; credentials: Key[]; by_state: object; unread: object[] }) };
}

const rotate = (on: Arranged, ...applications: string[]) =>
  rotateCommand(
    { config: on.config, applications, all: applications.length === 0, despite: [], json: true },
    pretendTerminal(on.env),
  );

/** The place of an application's path, from what rekeyd wrote there. */
const placeOf = ({ sandbox }: Arranged, application: string): string =>
  JSON.parse(String(sandbox.vaultStore.peek(`apps/${application}`)?.['rekeyd'])).place;

const make = (on: Arranged, description: string) => on.sandbox.account.create(on.sandbox.instance, description);

const marked = (application: string, place: string, generation: number, attemptedAt: number) =>
  formatMarker(newMarker({ owner: 'commands', application, generation, place }, attemptedAt, cryptoHex));

test('keys tells of every credential whose it is, which generation, and how it stands', async () => {
  const on = await arrange(TWO);
  await rotate(on);
  await rotate(on, 'billing');
  const place = placeOf(on, 'billing');
  const hour = 3_600_000;
  const foreign = await make(on, 'made by hand');
  const other = await make(on, 'rekeyd:other-team/shop/3/0a1b2c3d-69b007c0cafe0123');
  const stray = await make(on, marked('billing', place, 3, Date.now() - hour));
  const young = await make(on, marked('billing', place, 4, Date.now()));
  const unclaimed = await make(on, marked('gone', place, 9, Date.now() - hour));
  const elsewhere = await make(on, marked('billing', '99999999', 9, Date.now() - hour));
  const { code, credentials, in_use, by_state } = await keysJson(on);
  expect([code, in_use]).toEqual([0, 9]);
  const found = Object.fromEntries(
    credentials.map(({ access_key_id: id, state, application, generation }) => [id, [state, application, generation]]),
  );
  const secret = (name: string) => String(on.sandbox.vaultStore.peek(`apps/${name}`)?.['access_key_id']);
  expect(found).toMatchObject({
    [foreign.accessKeyId]: ['foreign', undefined, undefined],
    [other.accessKeyId]: ['foreign', 'shop', 3],
    [stray.accessKeyId]: ['stray', 'billing', 3],
    [young.accessKeyId]: ['in-the-making', 'billing', 4],
    [unclaimed.accessKeyId]: ['unclaimed', 'gone', 9],
    [elsewhere.accessKeyId]: ['unclaimed', 'billing', 9],
    [secret('billing')]: ['current', 'billing', 2],
    [secret('reports')]: ['current', 'reports', 1],
  });
  expect(credentials.map(({ state }) => state)).toEqual([
    'stray',
    'unclaimed',
    'unclaimed',
    'in-the-making',
    'current',
    'in-grace',
    'current',
    'foreign',
    'foreign',
  ]);
  const grace = credentials.find(({ state }) => state === 'in-grace');
  expect([grace?.application, grace?.generation]).toEqual(['billing', 1]);
  expect(Date.parse(grace?.revoke_at ?? '')).toBeGreaterThan(Date.now());
  expect(by_state).toMatchObject({ current: 2, 'in-grace': 1, unclaimed: 2, foreign: 2, overdue: 0 });
});

test('keys asks for one list and reads each record once, whatever stands on the instance', async () => {
  const on = await arrange(TWO);
  await rotate(on);
  const lists = on.count('glesys', '/objectstorage/instancedetails');
  const reads = on.count('vault', '/v1/secret/data/');
  const { code, complaint } = await keys(on);
  expect([code, complaint]).toEqual([0, '']);
  expect([lists(), reads()]).toEqual([1, 2]);
});

test('keys says what to do about what nobody claims, with the command to type', async () => {
  const on = await arrange(TWO);
  const { accessKeyId } = await make(on, marked('gone', '0a1b2c3d', 9, Date.now()));
  const { text } = await keys(on);
  expect(text).toContain('\n1 unclaimed\n');
  expect(text).toContain('rekeyd revoke local ACCESS_KEY_ID');
  const [key] = (await keysJson(on)).credentials;
  expect(key?.remedy).toContain(`rekeyd revoke local ${accessKeyId}`);
});

test('keys shows a superseded credential whose grace is over as overdue, first', async () => {
  const on = await arrange(TWO);
  await rotate(on);
  await rotate(on, 'billing');
  endGrace(on, 'billing');
  const { credentials } = await keysJson(on);
  expect(credentials[0]).toMatchObject({ state: 'overdue', application: 'billing', generation: 1 });
  expect((await keys(on)).text).toMatch(/\n1 overdue\n {2}\S/);
});

test('keys knows an adopted credential, before its rotation and after it', async () => {
  const on = await arrange({ applications: { billing: { adopt: true } } });
  const made = await make(on, 'made by hand in 2024');
  on.sandbox.vaultStore.poke('apps/billing', {
    access_key_id: made.accessKeyId,
    secret_access_key: made.secretAccessKey,
  });
  await runCommand({ config: on.config, once: true }, pretendTerminal(on.env));
  expect((await keysJson(on)).credentials).toMatchObject([
    { access_key_id: made.accessKeyId, state: 'current', application: 'billing', adopted: true },
  ]);
  await rotate(on, 'billing');
  const after = (await keysJson(on)).credentials.find(({ access_key_id: id }) => id === made.accessKeyId);
  expect(after).toMatchObject({ state: 'still-live', application: 'billing', adopted: true, revoke_at: null });
});

test('keys cannot tell strays from others where a record cannot be read: says so, and ends with 1', async () => {
  const on = await arrange(TWO);
  await rotate(on);
  on.sandbox.servers.vault.faults.add({ fault: 'status', status: 403, path: '/v1/secret/data/apps/billing' });
  const { code, credentials, unread } = await keysJson(on);
  expect(code).toBe(1);
  expect(credentials.map(({ state, application }) => [state, application])).toEqual([
    ['unread', 'billing'],
    ['current', 'reports'],
  ]);
  expect(unread).toMatchObject([{ application: 'billing', code: 'vault-permission-denied' }]);
});

test('keys finds the credentials that an application left on the instance from which it was moved', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotate(on);
  const other = 'os-other';
  on.sandbox.account.addInstance(other);
  const policy = JSON.parse(JSON.stringify(await readPolicyFile(on)));
  policy.issuers.new = { ...policy.issuers.local, instance: other };
  policy.applications.billing.issuer = 'new';
  await writeFile(on.config, JSON.stringify(policy));
  const call = { config: on.config, applications: ['billing'], all: false, despite: ['instance-changed'], json: true };
  expect(await rotateCommand(call, pretendTerminal(on.env))).toBe(0);
  expect((await keysJson(on)).credentials).toMatchObject([{ state: 'in-grace', application: 'billing' }]);
});

async function readPolicyFile({ config }: Arranged) {
  const { readFile } = await import('node:fs/promises');
  return JSON.parse(await readFile(config, 'utf8'));
}

test('keys does nothing to the terminal that a description at the issuer asks for', async () => {
  const on = await arrange(TWO);
  await make(on, '\u001b[2Jgone');
  expect((await keys(on)).text).toContain('\\u001b[2Jgone');
});

test('keys and status say the same of the same span', async () => {
  const on = await arrange({ applications: { billing: { grace: '23h' } } });
  await rotate(on);
  await rotate(on);
  const terminal = pretendTerminal(on.env);
  await statusCommand({ config: on.config, applications: [], json: false }, terminal);
  expect((await keys(on)).text).toMatch(/ in-grace +in 22h 59m /);
  expect(terminal.written()).toMatch(/ revoke \w+ in (22h 59m|23h) /);
});

test('keys fits into a narrow terminal', async () => {
  const on = await arrange(TWO);
  await rotate(on);
  await rotate(on, 'billing');
  await make(on, 'made by hand for something that needs many words to be told');
  for (const columns of [120, 80, 60, 50]) {
    const { text } = await keys(on, {}, { columns });
    const rows = text.split('\n').filter((line) => / {2}(current|in-grace|foreign) {2}/.test(line));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(columns);
  }
});

test('keys leaves descriptions out last, where cutting them short is not enough', async () => {
  const on = await arrange(TWO);
  await rotate(on);
  await make(on, 'made by hand for something that needs many words to be told');
  expect((await keys(on, {}, { columns: 60 })).text).toMatch(/^- .* made by [\w ]*…$/m);
  const { text } = await keys(on, {}, { columns: 50 });
  expect(text).toMatch(/^APPLICATION +STATE +ACCESS KEY ID$/m);
});

test('keys of an issuer that the policy does not have is a mistake in the call', async () => {
  const on = await arrange(TWO);
  const call = keysCommand({ config: on.config, issuer: 'sto9', yes: false, json: false }, pretendTerminal(on.env));
  await expect(call).rejects.toThrow(new UsageError('the policy has no issuer sto9; it has local'));
});
