import { expect, test } from 'vitest';
import { type RevokeOptions, revokeCommand } from '../../src/commands/revoke.ts';
import { formatMarker } from '../../src/rotation/marker.ts';
import { arrange, endGrace } from './arrange.ts';
import { living, madeByHand, person, recordOf, rotated } from './steering.ts';

type On = Awaited<ReturnType<typeof arrange>>;
const two = () => arrange({ applications: { billing: {}, reports: {} } });

async function revoke(on: On, accessKeyId: string, { yes = false, answer = 'y' } = {}) {
  const terminal = person(on, answer);
  const options: RevokeOptions = { config: on.config, issuer: 'local', accessKeyId, yes };
  const code = await revokeCommand(options, yes ? { ...terminal, ask: undefined as never } : terminal);
  return { code, said: terminal.written(), complained: terminal.complained(), asked: terminal.asked };
}

const supersededOf = (on: On, application: string) => recordOf(on, application).superseded[0]?.access_key_id ?? '';

test('a credential in its grace is revoked at once, by way of its record', async () => {
  const on = await two();
  await rotated(on, 'billing', 2);
  const key = supersededOf(on, 'billing');
  const { code, said, asked } = await revoke(on, key);
  expect([code, said]).toEqual([0, `${key}: revoked\n`]);
  expect(asked).toEqual([expect.stringContaining('was issued for billing. Revoke it now, for good?')]);
  expect(living(on)).toEqual([recordOf(on, 'billing').credential?.access_key_id]);
  expect(recordOf(on, 'billing').superseded).toMatchObject([{ access_key_id: key, shortened: true }]);
});

test('a credential that should have been revoked long ago is tried now, and the issuer’s words are told', async () => {
  const on = await two();
  await rotated(on, 'billing', 2);
  endGrace(on, 'billing');
  const key = supersededOf(on, 'billing');
  on.sandbox.servers.glesys.faults.add({ fault: 'status', status: 403, path: '/objectstorage/deletecredential' });
  const { code, said } = await revoke(on, key);
  expect(code).toBe(1);
  expect(said).toMatch(new RegExp(`^${key} lives on\\n  revocation-failed: ${key} lives on: .*answered 403`));
  on.sandbox.servers.glesys.faults.clear();
  expect(await revoke(on, key)).toMatchObject({ code: 0, said: `${key}: revoked\n` });
});

test('a stray is entered into the record first and then revoked, however young it is', async () => {
  const on = await two();
  await rotated(on, 'billing');
  const { place } = recordOf(on, 'billing');
  const marker = {
    owner: 'commands',
    application: 'billing',
    generation: 2,
    attemptedAt: Math.floor(Date.now() / 1000) * 1000,
    nonce: '0123abcd',
  };
  const { accesskey } = await madeByHand(on, formatMarker({ ...marker, place }));
  expect((await revoke(on, accesskey)).code).toBe(0);
  expect(living(on)).not.toContain(accesskey);
  expect(recordOf(on, 'billing').superseded).toMatchObject([{ access_key_id: accesskey, why: 'stray' }]);
});

test('a current credential is not revoked, and the way to it is told', async () => {
  const on = await two();
  await rotated(on, 'billing');
  const [key = ''] = living(on);
  await expect(revoke(on, key)).rejects.toThrow(
    `${key} is the current credential of billing: consumers use it. Rotate first (rekeyd rotate billing), or, where it leaked, rekeyd leaked ${key}`,
  );
  expect(living(on)).toEqual([key]);
});

test('a foreign credential that no secret holds is revoked directly, once a person agrees', async () => {
  const on = await two();
  await rotated(on, 'billing');
  const { accesskey } = await madeByHand(on, 'of the old backup script');
  const { code, asked } = await revoke(on, accesskey);
  expect([code, asked]).toEqual([
    0,
    [expect.stringContaining('was not issued by this deployment ("of the old backup script")')],
  ]);
  expect(living(on)).toEqual([recordOf(on, 'billing').credential?.access_key_id]);
});

test('a foreign credential that stands in a secret of the policy is not revoked', async () => {
  const on = await two();
  const { accesskey } = await madeByHand(on, 'shared');
  on.sandbox.vaultStore.poke('apps/reports', { note: `old key ${accesskey}` });
  const { code, said } = await revoke(on, accesskey, { yes: true });
  expect([code, said]).toEqual([
    1,
    expect.stringContaining(`still-used: ${accesskey} stands in the secret of reports`),
  ]);
  expect(living(on)).toEqual([accesskey]);
});

test('a foreign credential is not revoked while a secret cannot be read', async () => {
  const on = await two();
  const { accesskey } = await madeByHand(on, 'shared');
  on.sandbox.servers.vault.faults.add({ fault: 'status', status: 500, path: '/v1/secret/data/apps/reports' });
  const { code, said } = await revoke(on, accesskey, { yes: true });
  expect([code, said]).toEqual([1, expect.stringContaining('path-unread: the secret of reports could not be read')]);
  expect(living(on)).toEqual([accesskey]);
});

test('what belongs to an application that the policy does not have is revoked directly too', async () => {
  const on = await two();
  const marker = {
    owner: 'commands',
    application: 'gone',
    generation: 2,
    attemptedAt: 0,
    nonce: '0123abcd',
    place: '00000000',
  };
  const { accesskey } = await madeByHand(on, formatMarker(marker));
  const { code, asked } = await revoke(on, accesskey);
  expect([code, asked]).toEqual([0, [expect.stringContaining('was issued for commands/gone')]]);
  expect(living(on)).toEqual([]);
});

test('an answer other than yes revokes nothing', async () => {
  const on = await two();
  const { accesskey } = await madeByHand(on, 'by hand');
  const { code, complained } = await revoke(on, accesskey, { answer: '' });
  expect([code, complained]).toEqual([1, 'nothing was revoked\n']);
  expect(living(on)).toEqual([accesskey]);
});

test('without anybody to ask it needs --yes', async () => {
  const on = await two();
  const { accesskey } = await madeByHand(on, 'by hand');
  const terminal = { ...person(on), ask: undefined as never };
  const options = { config: on.config, issuer: 'local', accessKeyId: accesskey, yes: false };
  await expect(revokeCommand(options, terminal)).rejects.toThrow('say --yes');
  expect(living(on)).toEqual([accesskey]);
});

test('an issuer that does not revoke is told of, and the record keeps the shortened grace', async () => {
  const on = await two();
  await rotated(on, 'billing', 2);
  const key = supersededOf(on, 'billing');
  on.sandbox.servers.glesys.faults.add({ fault: 'status', status: 403, path: '/objectstorage/deletecredential' });
  const terminal = person(on, 'y');
  // the wait for another try is longer than anybody has patience for
  setTimeout(terminal.stop, 3_000).unref();
  const code = await revokeCommand({ config: on.config, issuer: 'local', accessKeyId: key, yes: false }, terminal);
  expect([code, terminal.written()]).toEqual([1, expect.stringContaining(key)]);
  expect(living(on)).toContain(key);
});

test('an access key id that the instance does not have is told as that', async () => {
  const on = await two();
  await expect(revoke(on, 'AKNOBODY')).rejects.toThrow(
    `${on.sandbox.instance} has no credential AKNOBODY; rekeyd keys local shows`,
  );
});
