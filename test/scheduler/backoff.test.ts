import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../src/scheduler/backoff.ts';

test('starts at five seconds and doubles with each failure', () => {
  expect([1, 2, 3, 4].map((failures) => backoffMs(failures, 0))).toEqual([5_000, 10_000, 20_000, 40_000]);
});

test('never waits longer than an hour, however often it failed', () => {
  expect(backoffMs(10, 1)).toBe(3_600_000);
  expect(backoffMs(100_000, 1)).toBe(3_600_000);
});

test('randomness spreads a pause over the upper half of its length, at the hour too', () => {
  expect(backoffMs(50, 0)).toBe(1_800_000);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const pause = backoffMs(failures, random, 100);
      expect(pause).toBeGreaterThanOrEqual(100);
      expect(pause).toBeLessThanOrEqual(3_600_000);
    }),
  );
});
