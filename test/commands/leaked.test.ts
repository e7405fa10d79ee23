import { expect, test } from 'vitest';
import { holdCommand } from '../../src/commands/hold.ts';
import { type LeakedOptions, leakedCommand } from '../../src/commands/leaked.ts';
import { UsageError } from '../../src/commands/terminal.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { type Arranged, arrange } from './arrange.ts';
import { living, madeByHand, person, recordOf, rotated } from './steering.ts';

async function leaked(on: Arranged, accessKeyId: string, more: Partial<LeakedOptions> = {}, ...answers: string[]) {
  const terminal = person(on, ...answers);
  const code = await leakedCommand({ config: on.config, accessKeyId, yes: false, ...more }, terminal);
  return { code, said: terminal.written(), asked: terminal.asked, complained: terminal.complained() };
}

const current = (on: Arranged) => recordOf(on, 'billing').credential?.access_key_id ?? '';

test('a current credential that leaked is replaced at once and revoked after the grace that was given', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const key = current(on);
  const { code, said } = await leaked(on, key, { grace: '1s', yes: true });
  expect(code).toBe(0);
  const [first, second, third] = said.split('\n');
  expect(first).toBe(`billing: rotated to generation 2 (${current(on)})`);
  expect(second).toMatch(new RegExp(`^${key}: will be revoked at \\d{4}-.*, by whichever replica is first$`));
  expect(third).toBe(`${key}: revoked`);
  expect(living(on)).toEqual([current(on)]);
});

test('a person is asked for the grace, and then whether it is to be done', async () => {
  const on = await arrange({ applications: { billing: { consumers: { refresh: '30m' } } } });
  await rotated(on, 'billing');
  const key = current(on);
  const { code, asked } = await leaked(on, key, {}, '0s', 'y');
  expect(code).toBe(0);
  expect(asked).toEqual([
    expect.stringContaining('consumers of billing may take 30m to read the new one'),
    expect.stringContaining(
      `Rotate billing now and revoke ${key} at once? Consumers that have not read the new credential`,
    ),
  ]);
  expect(living(on)).not.toContain(key);
});

test('an answer other than yes changes nothing', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  expect(await leaked(on, current(on), { grace: '0s' }, 'n')).toMatchObject({
    code: 1,
    complained: 'nothing was done\n',
  });
  expect(recordOf(on, 'billing').generation).toBe(1);
});

test('a superseded credential that leaked is revoked without rotating anything', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing', 2);
  const key = recordOf(on, 'billing').superseded[0]?.access_key_id ?? '';
  expect((await leaked(on, key, { grace: '0s', yes: true })).said).toBe(`${key}: revoked\n`);
  expect(recordOf(on, 'billing').generation).toBe(2);
});

test('a leaked credential is replaced although the application has as many as it may', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing', 4);
  const key = current(on);
  expect((await leaked(on, key, { grace: '0s', yes: true })).code).toBe(0);
  expect(recordOf(on, 'billing').generation).toBe(5);
});

test('on a hold it is replaced, and told that the hold keeps it alive', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const key = current(on);
  await holdCommand({ config: on.config, application: 'billing', until: '1h', why: '' }, pretendTerminal(on.env));
  const { code, said } = await leaked(on, key, { grace: '0s', yes: true });
  expect([code, said]).toEqual([1, expect.stringContaining('rekeyd release billing ends the hold')]);
  expect(recordOf(on, 'billing').generation).toBe(2);
  expect(living(on)).toContain(key);
});

test('an adopted credential that leaked is revoked by the command itself', async () => {
  const on = await arrange({ applications: { billing: { adopt: true } } });
  const { accesskey, secretkey } = await madeByHand(on, 'by hand');
  on.sandbox.vaultStore.poke('apps/billing', {
    access_key_id: accesskey,
    secret_access_key: secretkey,
    endpoint: on.sandbox.s3,
    region: 'sandbox',
  });
  await rotated(on, 'billing', 2);
  expect(living(on)).toContain(accesskey);
  expect((await leaked(on, accesskey, { grace: '0s', yes: true })).said).toBe(`${accesskey}: revoked\n`);
  expect(living(on)).not.toContain(accesskey);
});

test('where nothing can be rotated the leaked credential stays, and the exit code says so', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const key = current(on);
  on.sandbox.servers.glesys.faults.add({ fault: 'status', status: 403, path: '/objectstorage/createcredential' });
  const { code, said } = await leaked(on, key, { grace: '0s', yes: true });
  expect([code, said]).toEqual([1, expect.stringContaining(`billing is not rotated, and ${key} lives on`)]);
  expect(living(on)).toEqual([key]);
});

test('a credential that is nobody’s here is left alone, and the way to revoke it is told', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const { accesskey } = await madeByHand(on, 'foreign');
  await expect(leaked(on, accesskey, { grace: '0s', yes: true })).rejects.toThrow(`rekeyd revoke local ${accesskey}`);
  await expect(leaked(on, 'AKNOBODY', { grace: '0s', yes: true })).rejects.toThrow(
    'no instance of the policy has AKNOBODY',
  );
  expect(living(on)).toEqual([accesskey]);
});

test('a grace that is no duration, and none where nobody can be asked, are mistakes of the call: nothing is contacted', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const counts = (['glesys', 's3', 'vault'] as const).map((server) => on.count(server, '/'));
  await expect(leaked(on, 'AKANY', { grace: '1x', yes: true })).rejects.toThrow(UsageError);
  const call = leakedCommand({ config: on.config, accessKeyId: 'AKANY', yes: true }, pretendTerminal(on.env));
  await expect(call).rejects.toThrow(UsageError);
  expect(counts.map((count) => count())).toEqual([0, 0, 0]);
});

test('without anybody to ask it needs the grace to be given', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const terminal = { ...person(on), ask: undefined as never };
  const call = leakedCommand({ config: on.config, accessKeyId: current(on), yes: true }, terminal);
  await expect(call).rejects.toThrow('say --grace');
  expect(recordOf(on, 'billing').generation).toBe(1);
});

test.each([
  ['deleted', 'deleted', (on: Arranged) => on.sandbox.vaultStore.delete('apps/billing', [2, 3])],
  [
    'overwritten',
    'unmanaged',
    (on: Arranged) => on.sandbox.vaultStore.poke('apps/billing', { access_key_id: 'AKMINE' }),
  ],
] as const)('a secret that is %s while a leaked key waits is no sign that the key is gone', async (_, code, change) => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const key = current(on);
  const terminal = person(on);
  const write = (text: string) => {
    terminal.write(text);
    if (text.includes('will be revoked')) change(on);
  };
  const options = { config: on.config, accessKeyId: key, grace: '2s', yes: true };
  expect(await leakedCommand(options, { ...terminal, write })).toBe(1);
  expect(terminal.written()).toContain(`${key} lives on\n  ${code}: `);
  expect(living(on)).toContain(key);
});

test('whoever leaves before the grace is over is told who revokes it', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const key = current(on);
  const terminal = person(on);
  const call = leakedCommand({ config: on.config, accessKeyId: key, grace: '1h', yes: true }, terminal);
  terminal.stop();
  expect(await call).toBe(1);
  expect(terminal.written()).toContain(`${key}: not revoked yet; any replica that runs does it when its grace is over`);
});
