import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RotatePolicy } from '../../src/policy/policy.ts';
import {
  hasDateSoon,
  nextWindowOpening,
  periodMs,
  rescheduledAt,
  rotateAt,
  scheduleText,
  windowOpen,
} from '../../src/policy/schedule.ts';
import { share } from '../../src/policy/share.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SEED = { owner: 'acme', application: 'billing', generation: 7 };
const PLAIN: RotatePolicy = { everyMs: 30 * DAY, timezone: 'UTC', jitterMs: 0 };
const at = (text: string): number => Date.parse(text);
const iso = (moment: number): string => new Date(moment).toISOString();

const moments = fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2030-01-01T00:00Z') });
const seeds = fc.record({ owner: fc.string(), application: fc.string(), generation: fc.nat() });
const bases = fc.oneof(
  fc.record({ everyMs: fc.integer({ min: 1, max: 400 * DAY }) }),
  fc.record({ cron: fc.constantFrom('0 3 1 * *', '30 2 28 3 *', '*/7 * * * *', '0 3 * * 1-5', '15,45 2 * * *') }),
);
const windows = fc.constantFrom(undefined, '* 2-4 * * 1-5', '* 22-23,0-4 * * *', '30 2 * * *', '0-29 12 * * *');
const rotates: fc.Arbitrary<RotatePolicy> = fc
  .tuple(bases, fc.constantFrom('UTC', 'Europe/Stockholm', 'America/New_York'), fc.nat(10 * DAY), windows)
  .map(([base, timezone, jitterMs, window]) => ({ ...base, timezone, jitterMs, ...(window && { window }) }));

describe('rotateAt', () => {
  test('is one period after the publish where there is neither jitter nor window', () => {
    expect(rotateAt(PLAIN, at('2026-11-23T08:00Z'), SEED)).toBe(at('2026-12-23T08:00Z'));
  });

  test('is the next cron date in the time zone', () => {
    const rotate = { cron: '0 3 1 * *', timezone: 'Europe/Stockholm', jitterMs: 0 };
    expect(iso(rotateAt(rotate, at('2026-11-23T08:00Z'), SEED))).toBe('2026-12-01T02:00:00.000Z');
  });

  test('waits for the window to open', () => {
    const rotate = { everyMs: DAY, timezone: 'Europe/Stockholm', jitterMs: 0, window: '* 2-4 * * 1-5' };
    // A Friday: the day after is a Saturday, and the window opens again on Monday at two in Stockholm.
    expect(iso(rotateAt(rotate, at('2026-11-27T08:00Z'), SEED))).toBe('2026-11-30T01:00:00.000Z');
  });

  test('does not wait a year for a date that daylight saving skips', () => {
    const rotate = { cron: '30 2 28 3 *', timezone: 'Europe/Stockholm', jitterMs: 0 };
    expect(iso(rotateAt(rotate, at('2027-01-01T00:00Z'), SEED))).toBe('2027-03-28T01:00:00.000Z');
  });

  test('is strictly after the publish, the same each time, and never before the period is over', () => {
    fc.assert(
      fc.property(rotates, moments, seeds, (rotate, published, seed) => {
        const due = rotateAt(rotate, published, seed);
        expect(due).toBeGreaterThan(published);
        expect(due).toBe(rotateAt({ ...rotate }, published, { ...seed }));
        expect(due - published).toBeGreaterThanOrEqual(rotate.everyMs ?? 0);
      }),
    );
  });

  test('is late by less than the jitter where there is no window', () => {
    fc.assert(
      fc.property(rotates, moments, seeds, ({ window: _, ...rotate }, published, seed) => {
        const exact = rotateAt({ ...rotate, jitterMs: 0 }, published, seed);
        const late = rotateAt(rotate, published, seed) - exact;
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late === 0 || late < rotate.jitterMs).toBe(true);
      }),
    );
  });

  test('is inside the window', () => {
    fc.assert(
      fc.property(rotates, moments, seeds, (rotate, published, seed) => {
        expect(windowOpen(rotate, rotateAt(rotate, published, seed))).toBe(true);
      }),
    );
  });

  test('spreads applications over the jitter', () => {
    const rotate = { ...PLAIN, jitterMs: DAY };
    const lates = Array.from({ length: 200 }, (_, index) => {
      return (rotateAt(rotate, 0, { ...SEED, application: `app-${index}` }) - 30 * DAY) / DAY;
    });
    expect(Math.min(...lates)).toBeLessThan(0.1);
    expect(Math.max(...lates)).toBeGreaterThan(0.9);
  });
});

describe('a window', () => {
  const night = { ...PLAIN, timezone: 'Europe/Stockholm', window: '* 22-23,0-4 * * *' };

  test('is always open where there is none', () => {
    expect(windowOpen(PLAIN, 12_345)).toBe(true);
    expect(nextWindowOpening(PLAIN, 12_345)).toBe(12_345);
  });

  test('may lie across midnight', () => {
    const open = ['20:59:59', '21:00:00', '23:30:00', '03:59:59', '04:00:00'].map((time) =>
      windowOpen(night, at(`2026-11-23T${time}Z`)),
    );
    expect(open).toEqual([false, true, true, true, false]);
    expect(iso(nextWindowOpening(night, at('2026-11-23T12:00:00Z')))).toBe('2026-11-23T21:00:00.000Z');
  });

  test('is open for the whole of each of its minutes', () => {
    const rotate = { ...PLAIN, window: '30 2 * * *' };
    expect(windowOpen(rotate, at('2026-11-23T02:30:59.999Z'))).toBe(true);
    expect(windowOpen(rotate, at('2026-11-23T02:31:00.000Z'))).toBe(false);
  });

  test('that is open now opens now', () => {
    expect(nextWindowOpening(night, at('2026-11-23T21:30:15.250Z'))).toBe(at('2026-11-23T21:30:15.250Z'));
  });

  test('that daylight saving skips opens right after the gap', () => {
    const rotate = { ...PLAIN, timezone: 'Europe/Stockholm', window: '30 2 28 3 *' };
    const opening = nextWindowOpening(rotate, at('2027-03-28T00:00Z'));
    expect(iso(opening)).toBe('2027-03-28T01:00:00.000Z');
    expect(windowOpen(rotate, opening)).toBe(true);
  });

  test('is open in both occurrences of an hour that autumn repeats', () => {
    const rotate = { ...PLAIN, timezone: 'Europe/Stockholm', window: '* 2 * * *' };
    expect(windowOpen(rotate, at('2026-10-25T00:30Z'))).toBe(true);
    expect(windowOpen(rotate, at('2026-10-25T01:30Z'))).toBe(true);
    expect(windowOpen(rotate, at('2026-10-25T02:00Z'))).toBe(false);
  });
});

describe('rescheduledAt', () => {
  test('keeps to the new schedule where it lies ahead', () => {
    const published = at('2026-11-01T00:00Z');
    expect(rescheduledAt(PLAIN, published, at('2026-11-23T00:00Z'), SEED)).toBe(published + 30 * DAY);
  });

  test('what is overdue under the new schedule is spread over a tenth of the period, a day at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 400 * DAY }), moments, seeds, (everyMs, now, seed) => {
        const due = rescheduledAt({ ...PLAIN, everyMs }, now - everyMs, now, seed);
        expect(due).toBeGreaterThanOrEqual(now);
        expect(due - now).toBeLessThanOrEqual(Math.min(everyMs / 10, DAY));
      }),
    );
  });

  test('is inside the window and never before now', () => {
    fc.assert(
      fc.property(rotates, moments, fc.nat(1_000 * DAY), seeds, (rotate, now, age, seed) => {
        const due = rescheduledAt(rotate, now - age, now, seed);
        expect(due).toBeGreaterThanOrEqual(now);
        expect(windowOpen(rotate, due)).toBe(true);
      }),
    );
  });
});

describe('periodMs', () => {
  const now = at('2026-11-23T08:00Z');
  const period = (cron: string, timezone = 'UTC') => periodMs({ cron, timezone, jitterMs: 0 }, now) / HOUR;

  test('is the period where one is given', () => {
    expect(periodMs(PLAIN, now)).toBe(30 * DAY);
  });

  test('is the shortest distance between the dates of a pattern', () => {
    expect(period('0 3 * * *')).toBe(24);
    expect(period('0 3 1 * *')).toBe(28 * 24);
    expect(period('0 3,5 * * 1')).toBe(2);
    expect(period('30 2 28 3 *')).toBe(366 * 24);
  });

  test('does not depend on a change to summer time that is near', () => {
    const spring = at('2027-03-26T00:00Z');
    expect(periodMs({ cron: '0 3 * * *', timezone: 'Europe/Stockholm', jitterMs: 0 }, spring)).toBe(DAY);
  });
});

test('a pattern has a date soon or not', () => {
  const now = at('2026-11-23T08:00Z');
  expect(hasDateSoon('0 3 1 1 *', 'UTC', now)).toBe(true);
  expect(hasDateSoon('0 3 29 2 *', 'UTC', now)).toBe(false);
  expect(hasDateSoon('0 3 30 2 *', 'UTC', now)).toBe(false);
});

test('schedules that mean the same have the same text, others another', () => {
  const text = scheduleText({ jitterMs: 5, timezone: 'UTC', everyMs: 10 });
  expect(text).toBe('{"everyMs":10,"jitterMs":5,"timezone":"UTC"}');
  expect(scheduleText({ everyMs: 10, timezone: 'UTC', jitterMs: 5 })).toBe(text);
  expect(scheduleText({ everyMs: 10, timezone: 'UTC', jitterMs: 5, window: '* 2 * * *' })).not.toBe(text);
});

describe('share', () => {
  test('lies in [0, 1) and depends on each part and on where the parts are divided', () => {
    fc.assert(fc.property(fc.array(fc.string()), (parts) => share(...parts) >= 0 && share(...parts) < 1));
    expect(share('ab', 'c')).not.toBe(share('a', 'bc'));
  });

  test('is the same number in every version of rekeyd', () => {
    expect(share('replica-1', 'billing')).toBe(0.5044935318453234);
  });
});

test('the jitter of a rotation is the same in every version of rekeyd, whichever replica computes it', () => {
  const jittered = { ...PLAIN, jitterMs: DAY };
  expect(rotateAt(jittered, 0, SEED) - 30 * DAY).toBe(Math.floor(share('jitter', 'acme', 'billing', '7') * DAY));
  const now = at('2026-11-23T08:00Z');
  const overdue = rescheduledAt(PLAIN, now - 31 * DAY, now, SEED);
  expect(overdue - now).toBe(Math.floor(share('reschedule', 'acme', 'billing', '7') * DAY));
});

test('what is overdue under a new schedule, or due this very moment, is really spread', () => {
  const now = at('2026-11-23T08:00Z');
  const waits = Array.from({ length: 200 }, (_, index) => {
    return rescheduledAt(PLAIN, now - 30 * DAY, now, { ...SEED, application: `app-${index}` }) - now;
  });
  expect(Math.min(...waits)).toBeLessThan(0.1 * DAY);
  expect(Math.max(...waits)).toBeGreaterThan(0.9 * DAY);
});

test('soon is within 400 days, to the millisecond', () => {
  const date = at('2028-02-29T03:00Z');
  expect(hasDateSoon('0 3 29 2 *', 'UTC', date - 400 * DAY)).toBe(true);
  expect(hasDateSoon('0 3 29 2 *', 'UTC', date - 400 * DAY - 1)).toBe(false);
});

test('a pattern without any date is a defect that names the pattern, not a date nobody meant', () => {
  const never = { cron: '0 3 30 2 *', timezone: 'UTC', jitterMs: 0 };
  expect(() => rotateAt(never, 0, SEED)).toThrow('0 3 30 2 *');
});

test('the period is taken in UTC, wherever the machine stands', () => {
  const zone = process.env['TZ'];
  try {
    process.env['TZ'] = 'Europe/Stockholm';
    expect(periodMs({ cron: '0 3 * * *', timezone: 'UTC', jitterMs: 0 }, at('2027-03-26T00:00Z'))).toBe(DAY);
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});
