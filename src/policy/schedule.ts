import { stringify } from 'safe-stable-stringify';
import { datesAfter, nextDate } from './cron.ts';
import type { RotatePolicy } from './policy.ts';
import { share } from './share.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A schedule or window without a date in so long a time is a mistake in the policy. */
const HORIZON_MS = 400 * DAY_MS;
/** Dates looked at to find the shortest distance: a year of any monthly or weekly pattern. */
const SAMPLE = 53;

/** What the jitter of one rotation is taken from: the same on every replica. */
export interface ScheduleSeed {
  readonly owner: string;
  readonly application: string;
  readonly generation: number;
}

/** The merged schedule as canonical JSON: two schedules that mean the same have the same text. */
export function scheduleText(rotate: RotatePolicy): string {
  return stringify(rotate);
}

/**
 * When a credential published at `publishedAt` falls due: its period later, or at the next cron date, plus the jitter
 * of this generation, moved to the window's next minute where there is a window. All Unix ms; strictly after
 * `publishedAt`.
 */
export function rotateAt(rotate: RotatePolicy, publishedAt: number, seed: ScheduleSeed): number {
  const jitter = Math.floor(seedShare('jitter', seed) * rotate.jitterMs);
  return nextWindowOpening(rotate, baseDate(rotate, publishedAt) + jitter);
}

/** Whether a scheduled rotation may start at this moment (Unix ms); always, where the policy has no window. */
export function windowOpen(rotate: RotatePolicy, now: number): boolean {
  return rotate.window === undefined || isDate(rotate.window, rotate.timezone, minuteOf(now));
}

/** The first moment at or after `after` (Unix ms) in which a scheduled rotation may start. */
export function nextWindowOpening(rotate: RotatePolicy, after: number): number {
  if (rotate.window === undefined || windowOpen(rotate, after)) return after;
  return required(rotate.window, nextDate(rotate.window, rotate.timezone, after));
}

/**
 * When a credential falls due under a schedule that has changed since it was published: as `rotateAt` says or, if
 * that has passed, within the smaller of a tenth of the period and a day from now, so that loading a configuration
 * never makes a herd.
 */
export function rescheduledAt(rotate: RotatePolicy, publishedAt: number, now: number, seed: ScheduleSeed): number {
  // a record may say that it was published in the future, where no calendar has dates any more
  const planned = rotateAt(rotate, Math.min(publishedAt, now), seed);
  if (planned > now) return planned;
  const spread = Math.min(periodMs(rotate, now) / 10, DAY_MS);
  return nextWindowOpening(rotate, now + Math.floor(seedShare('reschedule', seed) * spread));
}

/**
 * The shortest time between two rotations: the period or, for cron, the shortest distance of its coming dates, taken
 * in UTC so that it does not depend on whether a change to summer time is near.
 */
export function periodMs(rotate: RotatePolicy, from: number): number {
  if (rotate.everyMs !== undefined) return rotate.everyMs;
  const dates: number[] = [];
  for (const date of datesAfter(rotate.cron ?? '', 'UTC', from)) {
    if (dates.length >= SAMPLE || (dates.length >= 2 && date > from + HORIZON_MS)) break;
    dates.push(date);
  }
  const distances = dates.slice(1).map((date, index) => date - (dates[index] ?? date));
  return Math.min(...distances, Number.POSITIVE_INFINITY);
}

/** Whether a cron pattern has a date within 400 days of a moment (Unix ms). */
export function hasDateSoon(pattern: string, timezone: string, from: number): boolean {
  const date = nextDate(pattern, timezone, from);
  return date !== undefined && date <= from + HORIZON_MS;
}

function baseDate(rotate: RotatePolicy, after: number): number {
  if (rotate.everyMs !== undefined) return after + rotate.everyMs;
  const cron = rotate.cron ?? '';
  return required(cron, nextDate(cron, rotate.timezone, after));
}

function seedShare(purpose: string, seed: ScheduleSeed): number {
  return share(purpose, seed.owner, seed.application, String(seed.generation));
}

function minuteOf(moment: number): number {
  return Math.floor(moment / MINUTE_MS) * MINUTE_MS;
}

/**
 * Asks for the next date instead of croner's `match`: a time that daylight saving skips is moved to the end of the gap
 * by the one and unknown to the other, and a window must be open exactly at its own openings.
 */
function isDate(pattern: string, timezone: string, minute: number): boolean {
  return nextDate(pattern, timezone, minute - 1_000) === minute;
}

/** The loaded policy has a date for each pattern, so that a missing one is a defect. */
function required(pattern: string, date: number | undefined): number {
  if (date === undefined) throw new RangeError(`the cron pattern ${JSON.stringify(pattern)} has no date`);
  return date;
}
