import { expect, test } from 'vitest';
import { failedOutcome, failuresAfter, hasFailed, isFruitless, type Outcome } from '../../src/rotation/outcome.ts';
import { NOW } from './scene.ts';

const plain: Outcome = { application: 'billing', did: 'nothing', notices: [], nextAt: NOW, next: 'look again' };
const troubled = (kind: 'refused' | 'blocked' | 'failed'): Outcome => {
  return { ...plain, trouble: { kind, code: 'x', reason: 'y', remedy: 'z' } };
};

test('what failed or is blocked is tried again with a growing pause, and what is refused is not', () => {
  expect([troubled('failed'), troubled('blocked'), troubled('refused'), plain].map(hasFailed)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('only an outcome that did nothing, was hindered by nothing and has work to do is fruitless', () => {
  expect(isFruitless(plain, NOW)).toBe(true);
  expect(isFruitless(plain, NOW - 1)).toBe(false);
  expect(isFruitless({ ...plain, did: 'revoked' }, NOW)).toBe(false);
  expect(isFruitless(troubled('refused'), NOW)).toBe(false);
});

test('failures are counted until something is done or nothing is left to do', () => {
  expect(failuresAfter(2, troubled('failed'), NOW)).toBe(3);
  expect(failuresAfter(2, troubled('blocked'), NOW)).toBe(3);
  expect(failuresAfter(2, plain, NOW)).toBe(2);
  expect(failuresAfter(2, { ...plain, did: 'rotated' }, NOW)).toBe(0);
  expect(failuresAfter(2, { ...plain, nextAt: NOW + 1 }, NOW)).toBe(0);
  expect(failuresAfter(2, troubled('refused'), NOW)).toBe(0);
});

test('a look that went wrong before anything was known is to be tried again from now on', () => {
  const problem = { code: 'x', reason: 'y', remedy: 'z' };
  expect(failedOutcome('billing', problem, NOW)).toEqual({
    application: 'billing',
    did: 'nothing',
    trouble: { kind: 'failed', ...problem },
    notices: [],
    nextAt: NOW,
    next: expect.stringMatching(/\w{3}/),
  });
});
