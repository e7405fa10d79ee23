import { describe, expect, test } from 'vitest';
import { expectClean, type Figures, lineOf } from './support/account.ts';

/** What the scenarios stand on: that an account with anything wrong in it fails. */
const CLEAN: Figures = {
  rotations: 12,
  kills: 3,
  requests: 400,
  refusals: 0,
  strays: 0,
  dead: 0,
  foreign: 6,
  foreignChanged: 0,
  more: { collisions: 1 },
};

describe('the account of a scenario', () => {
  test('is clean where nobody was refused, nothing is left and nothing foreign changed', () => {
    expect(() => expectClean(CLEAN)).not.toThrow();
    expect(lineOf('kill', CLEAN)).toBe(
      'kill: 12 rotations, 3 kills, 400 consumer requests, 0 refusals, 0 strays left, 0 dead secrets, 0 of 6 foreign keys changed, 1 collisions',
    );
  });

  test.each(['refusals', 'strays', 'dead', 'foreignChanged'] as const)('fails with %s', (what) => {
    expect(() => expectClean({ ...CLEAN, [what]: 1 })).toThrow(`1 ${what}`);
  });

  test('fails without a single rotation', () => {
    expect(() => expectClean({ ...CLEAN, rotations: 0 })).toThrow('no rotation at all');
  });
});
