import { expect, test } from 'vitest';
import { cronMistake, datesAfter, isTimezone, nextDate } from '../../src/policy/cron.ts';

function dates(pattern: string, timezone: string, after: string, most = 3): string[] {
  const found: string[] = [];
  for (const date of datesAfter(pattern, timezone, Date.parse(after))) {
    found.push(new Date(date).toISOString().slice(0, 16));
    if (found.length === most) break;
  }
  return found;
}

test('dates fall on second 0 and strictly after the moment asked for', () => {
  const first = Date.parse('2027-01-01T00:01:00.000Z');
  expect(nextDate('* * * * *', 'UTC', Date.parse('2027-01-01T00:00:00.000Z'))).toBe(first);
  expect(nextDate('* * * * *', 'UTC', Date.parse('2027-01-01T00:00:59.999Z'))).toBe(first);
});

test('a pattern that never comes has no date', () => {
  expect(nextDate('0 3 30 2 *', 'UTC', 0)).toBeUndefined();
});

test('a pattern is read in its time zone', () => {
  expect(dates('0 3 1 * *', 'Europe/Stockholm', '2027-02-15T00:00Z')).toEqual([
    '2027-03-01T02:00',
    '2027-04-01T01:00',
    '2027-05-01T01:00',
  ]);
});

test.each(['30 2 28 3 *', '15,45 2 28 3 *', '30 2-2 28 3 *'])(
  'a date of %j that daylight saving skips comes right after the gap, not a year later',
  (pattern) => {
    expect(dates(pattern, 'Europe/Stockholm', '2027-01-01T00:00Z', 1)).toEqual(['2027-03-28T01:00']);
  },
);

test('a daily time that is skipped comes right after the gap and the day after as usual', () => {
  expect(dates('30 2 * * *', 'Europe/Stockholm', '2027-03-27T12:00Z', 2)).toEqual([
    '2027-03-28T01:00',
    '2027-03-29T00:30',
  ]);
});

test('a pattern with a step has no date in the skipped hour', () => {
  expect(dates('*/30 2 * * *', 'Europe/Stockholm', '2027-03-27T12:00Z', 1)).toEqual(['2027-03-29T00:00']);
});

test('a time that occurs twice in autumn comes once, at its first occurrence', () => {
  expect(dates('30 2 * * *', 'Europe/Stockholm', '2026-10-24T12:00Z', 2)).toEqual([
    '2026-10-25T00:30',
    '2026-10-26T01:30',
  ]);
});

test('a pattern with a step has both occurrences of the hour that autumn repeats', () => {
  expect(dates('*/30 2 * * *', 'Europe/Stockholm', '2026-10-24T12:00Z', 5)).toEqual([
    '2026-10-25T00:00',
    '2026-10-25T00:30',
    '2026-10-25T01:00',
    '2026-10-25T01:30',
    '2026-10-26T01:00',
  ]);
});

test.each(['0 3 1 * *', '*/5 22-23,0-4 * * 1-5', '0 3 L * *', '0 3 * JAN MON', '* * * * 7'])(
  '%j is right',
  (pattern) => {
    expect(cronMistake(pattern)).toBeUndefined();
  },
);

test.each([
  ['61 * * * *', 'the minute of "61 * * * *" is wrong: "61"; it takes 0-59'],
  ['0 22-4 * * *', 'the hour of "0 22-4 * * *" is wrong: "22-4"; it takes 0-23'],
  ['0 3 32 * *', 'the day of month of "0 3 32 * *" is wrong: "32"; it takes 1-31'],
  ['0 3 1 13 *', 'the month of "0 3 1 13 *" is wrong: "13"; it takes 1-12'],
  ['0 3 * * 8', 'the day of week of "0 3 * * 8" is wrong: "8"; it takes 0-7'],
  ['0 0 3 1 * *', '"0 0 3 1 * *" is not a cron pattern; write five fields'],
  ['', '"" is not a cron pattern; write five fields'],
])('what is wrong with %j is said by the name of its field', (pattern, beginning) => {
  expect(cronMistake(pattern)?.slice(0, beginning.length)).toBe(beginning);
});

test.each([
  ['Europe/Stockholm', true],
  ['UTC', true],
  ['Europe/Nowhere', false],
  ['+02:00', false],
  ['', false],
])('whether %j is a time zone: %s', (name, expected) => {
  expect(isTimezone(name)).toBe(expected);
});
