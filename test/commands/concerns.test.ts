import { expect, test } from 'vitest';
import { concernsText, namesText } from '../../src/commands/concerns.ts';
import { pretendTerminal } from '../support/terminal.ts';

const SEALED = { code: 'vault-sealed', reason: 'Vault is sealed', remedy: 'Unseal it.' };
const concern = (application: string, problem = SEALED) => ({
  application,
  path: `apps/${application}`,
  problem,
  colour: 'red' as const,
});

test('the same problem of several applications is told once, with all their names', () => {
  const edited = { code: 'edited', reason: 'apps/b was edited', remedy: 'See who did it.' };
  const text = concernsText([concern('a'), concern('b', edited), concern('c')], pretendTerminal());
  expect(text).toBe(
    '\na, c: vault-sealed\n  Vault is sealed\n  Unseal it.\n' + '\nb: edited\n  apps/b was edited\n  See who did it.\n',
  );
});

test('problems that differ only by the path of each application are the same', () => {
  const own = (name: string) => concern(name, { ...SEALED, reason: `could not read secret/apps/${name} in Vault` });
  const text = concernsText([own('a'), own('b')], pretendTerminal());
  expect(text).toBe('\na, b: vault-sealed\n  could not read secret/… in Vault\n  Unseal it.\n');
  expect(concernsText([own('a')], pretendTerminal())).toContain('secret/apps/a in Vault');
});

test('problems that differ only by the name in the command to type are the same', () => {
  const own = (name: string) => concern(name, { ...SEALED, remedy: `See it: rekeyd rotate ${name} --despite edited.` });
  const text = concernsText([own('a'), own('a-b'), own('b.c')], pretendTerminal());
  expect(text).toBe('\na, a-b, b.c: vault-sealed\n  Vault is sealed\n  See it: rekeyd rotate APP --despite edited.\n');
  expect(concernsText([own('a')], pretendTerminal())).toContain('rekeyd rotate a --despite');
});

test('problems that differ only by the name in an address or the key in a command to type are the same', () => {
  const own = (name: string) =>
    concern(name, { ...SEALED, remedy: `Ask /api/v1/applications/${name}, or: rekeyd revoke sto1 AK-${name}.` });
  const text = concernsText([own('a'), own('sto1')], pretendTerminal());
  expect(text).toContain('\n  Ask /api/v1/applications/APP, or: rekeyd revoke sto1 ACCESS_KEY_ID.\n');
  expect(concernsText([own('a')], pretendTerminal())).toContain('rekeyd revoke sto1 AK-a.');
});

test('what differs otherwise, or in its kind, is told each by itself', () => {
  const other = concern('b', { ...SEALED, reason: 'Vault is on fire' });
  const text = concernsText([concern('a'), other, { ...concern('c'), kind: 'blocked' }], pretendTerminal());
  expect(text.match(/^\S.*$/gm)).toEqual(['a: vault-sealed', 'b: vault-sealed', 'c: blocked: vault-sealed']);
});

test('of many names the first five are told', () => {
  const names = Array.from({ length: 17 }, (_, index) => `n${index}`);
  expect(namesText(names)).toBe('n0, n1, n2, n3, n4 and 12 more');
  expect(namesText(names.slice(0, 5))).toBe('n0, n1, n2, n3, n4');
});
