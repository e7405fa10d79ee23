import { expect, test } from 'vitest';
import { holdCommand, timeOf } from '../../src/commands/hold.ts';
import { releaseCommand } from '../../src/commands/release.ts';
import { pretendTerminal } from '../support/terminal.ts';
import { arrange } from './arrange.ts';
import { recordOf, rotated } from './steering.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');

test('hold stands in the record for every replica, with who asked for it and why, until it is released', async () => {
  const on = await arrange({ applications: { billing: {} } });
  await rotated(on, 'billing');
  const terminal = pretendTerminal(on.env);
  const of = { config: on.config, application: 'billing' };
  expect(await holdCommand({ ...of, until: '4h', why: 'change freeze' }, terminal)).toBe(0);
  expect(recordOf(on, 'billing').hold).toMatchObject({ why: 'change freeze', by: expect.stringContaining('@') });
  expect(terminal.written()).toMatch(/^billing: on hold until \d{4}-.*rekeyd release billing/);
  const released = pretendTerminal(on.env);
  expect(await releaseCommand(of, released)).toBe(0);
  expect(recordOf(on, 'billing').hold).toBeUndefined();
  expect(released.written()).toBe('billing: not on hold; next: rotate\n');
});

test('hold of an application without a credential changes nothing, says why, and is 1', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const terminal = pretendTerminal(on.env);
  expect(await holdCommand({ config: on.config, application: 'billing', until: '4h', why: '' }, terminal)).toBe(1);
  expect(terminal.written()).toContain('billing: refused: no-record\n');
  expect(on.sandbox.vaultStore.peek('apps/billing')).toBeUndefined();
});

test('hold of an application that the policy does not have is an error of the call', async () => {
  const on = await arrange({ applications: { billing: {} } });
  const held = holdCommand({ config: on.config, application: 'billin', until: '4h', why: '' }, pretendTerminal(on.env));
  await expect(held).rejects.toThrow('the policy has no application billin; it has billing');
});

test.each([
  ['4h', '2026-03-10T16:00:00Z'],
  ['2026-12-24', '2026-12-24T00:00:00Z'],
  ['2026-12-24T08:00Z', '2026-12-24T08:00:00Z'],
  ['2026-12-24T08:00:30+01:00', '2026-12-24T07:00:30Z'],
])('--until %s is %s', (text, at) => {
  expect(timeOf(text, NOW)).toBe(Date.parse(at));
});

test.each([
  ['tomorrow', 'is no time'],
  ['2026-13-40', 'is no time'],
  ['4', 'is no time'],
  ['2026-03-10', 'does not lie ahead'],
  ['0s', 'does not lie ahead'],
])('--until %s %s', (text, complaint) => {
  expect(() => timeOf(text, NOW)).toThrow(complaint);
});
