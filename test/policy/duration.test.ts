import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDistance, formatDuration, parseDuration } from '../../src/policy/duration.ts';

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['30d', 2_592_000_000],
  ['2w', 1_209_600_000],
  ['0s', 0],
  ['3650d', 315_360_000_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '30', 'd', '1.5h', '-1s', '1 h', '1h30m', '1H', ' 1h', '1h\n', '3651d', '999999999999w', '٣d'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('any whole number with a unit is read exactly, and nothing else ever is', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.constantFrom('ms', 's', 'm'), (count, unit) => {
      const factor = { ms: 1, s: 1_000, m: 60_000 }[unit] ?? 0;
      expect(parseDuration(`${count}${unit}`)).toBe(count * factor);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => /^\d+(ms|s|m|h|d|w)$/.test(text) || parseDuration(text) === undefined));
});

test('durations are shown short and in the largest units', () => {
  expect([500, 90_000, 86_400_000, 2_592_000_000].map(formatDuration)).toEqual(['500ms', '1m 30s', '1d', '30d']);
});

test('how far away something is has two units below a day, and one from then on', () => {
  const hour = 3_600_000;
  expect([4_200, 90_000, 2 * hour, 24 * hour - 300_000, 29 * 24 * hour + 23 * hour].map(formatDistance)).toEqual([
    '4s',
    '1m 30s',
    '2h',
    '23h 55m',
    '29d',
  ]);
  expect(formatDistance(-5)).toBe('0ms');
});
