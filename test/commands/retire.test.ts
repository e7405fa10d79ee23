import { expect, test } from 'vitest';
import { type RetireOptions, retireCommand } from '../../src/commands/retire.ts';
import { formatMarker } from '../../src/rotation/marker.ts';
import { type Arranged, arrange, endGrace } from './arrange.ts';
import { living, madeByHand, person, recordOf, rotated } from './steering.ts';

async function retire(on: Arranged, more: Partial<RetireOptions> = {}, ...answers: string[]) {
  const terminal = person(on, ...answers);
  const options = { config: on.config, application: 'billing', deleteSecret: false, yes: false, ...more };
  const code = await retireCommand(options, terminal);
  return { code, said: terminal.written(), complained: terminal.complained(), asked: terminal.asked };
}

test('retire takes the fields out of the secret at once and leaves the keys their grace', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing', 2);
  const current = recordOf(on, 'billing').credential?.access_key_id;
  const { code, said, asked } = await retire(on, {}, 'yes');
  expect(code).toBe(0);
  expect(asked).toEqual([expect.stringContaining(`Its key ${current} works until its grace is over.`)]);
  expect(Object.keys(on.sandbox.vaultStore.peek('apps/billing') ?? {})).toEqual(['rekeyd']);
  expect(recordOf(on, 'billing').credential).toBeNull();
  expect(living(on)).toHaveLength(2);
  expect(said).toMatch(
    new RegExp(`^billing: retired; leave it in the policy until these are revoked: .*${current} until `),
  );
});

test('retire changes nothing unless somebody agrees', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  expect(await retire(on, {}, 'n')).toMatchObject({ code: 1, complained: 'nothing was done\n' });
  expect(recordOf(on, 'billing').credential).not.toBeNull();
});

test('the secret is deleted only once nothing that was issued for it lives', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const early = await retire(on, { deleteSecret: true, yes: true });
  expect([early.code, early.said]).toEqual([1, expect.stringContaining('its secret stays until those are revoked')]);
  expect(on.sandbox.vaultStore.peek('apps/billing')).toBeDefined();
  endGrace(on, 'billing');
  await rotated(on, 'billing');
  const late = await retire(on, { deleteSecret: true }, 'y');
  expect([late.code, late.said]).toEqual([0, expect.stringContaining('vault kv undelete brings it back')]);
  expect(late.asked).toEqual(['Delete the secret at apps/billing? [y/N] ']);
  expect(on.sandbox.vaultStore.peek('apps/billing')).toBeUndefined();
});

test('a login that may not delete is told which right is missing', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  await retire(on, { yes: true });
  endGrace(on, 'billing');
  await rotated(on, 'billing');
  on.sandbox.servers.vault.faults.add({ fault: 'status', status: 403, path: '/v1/secret/delete/' });
  const deleted = retire(on, { deleteSecret: true, yes: true });
  await expect(deleted).rejects.toMatchObject({
    code: 'vault-permission-denied',
    remedy: expect.stringContaining('`update` on secret/delete/apps/billing'),
  });
  expect(on.sandbox.vaultStore.peek('apps/billing')).toBeDefined();
});

test('a stray too young to be entered keeps the secret of a retired application', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const { place } = recordOf(on, 'billing');
  await retire(on, { yes: true });
  endGrace(on, 'billing');
  await rotated(on, 'billing');
  const attemptedAt = Math.floor(Date.now() / 1000) * 1000;
  const marker = { owner: 'commands', application: 'billing', generation: 2, attemptedAt, nonce: '0123abcd', place };
  await madeByHand(on, formatMarker(marker));
  const { code, said } = await retire(on, { deleteSecret: true, yes: true });
  expect([code, said]).toEqual([1, expect.stringContaining('its secret stays')]);
  expect(on.sandbox.vaultStore.peek('apps/billing')).toBeDefined();
});

test('a secret that somebody puts back into service while it is about to be deleted stays', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  await retire(on, { yes: true });
  endGrace(on, 'billing');
  await rotated(on, 'billing');
  const retired = on.sandbox.vaultStore.peek('apps/billing');
  const record = JSON.parse(String(retired?.['rekeyd']));
  const credential = { id: 'x', access_key_id: 'AKX', instance: 'os-x', issued_at: record.published_at };
  const terminal = person(on);
  const write = (text: string) => {
    terminal.write(text);
    on.sandbox.vaultStore.poke('apps/billing', { ...retired, rekeyd: JSON.stringify({ ...record, credential }) });
  };
  const options = { config: on.config, application: 'billing', deleteSecret: true, yes: true };
  expect(await retireCommand(options, { ...terminal, write })).toBe(1);
  expect(terminal.written()).toContain('its secret was changed meanwhile and stays');
  expect(on.sandbox.vaultStore.peek('apps/billing')).toBeDefined();
});

test('whoever deletes a secret hears which fields of others go with it', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  on.sandbox.vaultStore.poke('apps/billing', {
    ...on.sandbox.vaultStore.peek('apps/billing'),
    SMTP_PASSWORD: 'theirs',
  });
  await retire(on, { yes: true });
  endGrace(on, 'billing');
  await rotated(on, 'billing');
  const { code, asked } = await retire(on, { deleteSecret: true }, 'no');
  expect([code, asked]).toEqual([1, [expect.stringContaining("fields that are not rekeyd's: SMTP_PASSWORD")]]);
  expect(on.sandbox.vaultStore.peek('apps/billing')).toMatchObject({ SMTP_PASSWORD: 'theirs' });
});

test('what refuses an application refuses its retirement, and says so', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  on.sandbox.vaultStore.poke('apps/billing', { ...on.sandbox.vaultStore.peek('apps/billing'), endpoint: 'elsewhere' });
  const { code, said } = await retire(on, { yes: true });
  expect([code, said]).toEqual([1, expect.stringContaining('billing is not retired\n  edited: ')]);
});
