import { expect, test } from 'vitest';
import {
  failedOutcome,
  hasFailed,
  isBeside,
  isFruitless,
  NO_FAILURES,
  type Outcome,
  type Streak,
  streakAfter,
} from '../../src/rotation/outcome.ts';
import { HOUR, NOW } from './scene.ts';

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

const twice: Streak = { count: 2, deed: 'rotate' };
const after = (outcome: Outcome): Streak => streakAfter(twice, outcome, NOW);

test('failures are counted until what failed is done or no longer to be done', () => {
  expect(after({ ...troubled('failed'), deed: 'rotate' })).toEqual({ count: 3, deed: 'rotate' });
  expect(after(troubled('blocked'))).toEqual({ count: 3 });
  expect(after(plain)).toBe(twice);
  expect(after({ ...plain, did: 'revoked', deed: 'rotate' })).toBe(twice);
  expect(after({ ...plain, did: 'rotated' })).toBe(NO_FAILURES);
  expect(after({ ...plain, did: 'rotated', deed: 'republish' })).toBe(NO_FAILURES);
  expect(after({ ...plain, nextAt: NOW + 1 })).toBe(NO_FAILURES);
  expect(after(troubled('refused'))).toBe(NO_FAILURES);
  expect(after({ ...plain, deed: 'rotate', nextAt: NOW + 1 })).toBe(NO_FAILURES);
  expect(streakAfter({ count: 2 }, { ...plain, did: 'revoked' }, NOW)).toBe(NO_FAILURES);
  expect(streakAfter(NO_FAILURES, plain, NOW)).toEqual({ count: 0 });
});

test('a rotation that failed in its window still fails while the window is closed, and no longer once it is held', () => {
  const view = { application: 'billing', issuer: 'sto1', path: 'apps/billing', superseded: [], strays: 0 };
  const waiting = { ...plain, nextAt: NOW + 20 * HOUR, view: { ...view, rotateAt: NOW - HOUR } };
  expect(after(waiting)).toBe(twice);
  expect(after({ ...waiting, did: 'revoked' })).toBe(twice);
  expect(after({ ...waiting, view: { ...view, rotateAt: NOW + HOUR } })).toBe(NO_FAILURES);
  const until = (time: number) => ({ ...waiting.view, hold: { until: time, by: 'anna', why: 'freeze' } });
  expect(after({ ...waiting, view: until(NOW + 1) })).toBe(NO_FAILURES);
  expect(after({ ...waiting, view: until(NOW) })).toBe(twice);
  expect(after({ ...waiting, view: { ...view, rotateAt: NOW } })).toBe(twice);
  expect(after({ ...waiting, ...troubled('refused'), view: waiting.view })).toBe(NO_FAILURES);
  expect(streakAfter({ count: 2, deed: 'republish' }, waiting, NOW)).toBe(NO_FAILURES);
});

test('only what can be done besides the deed that failed is beside its pause', () => {
  expect(isBeside(twice, { ...plain, deed: 'enter-strays' })).toBe(true);
  expect(isBeside(twice, { ...plain, deed: 'rotate' })).toBe(false);
  expect(isBeside(twice, plain)).toBe(false);
  expect(isBeside({ count: 2 }, { ...plain, deed: 'rotate' })).toBe(false);
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
