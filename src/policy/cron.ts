import { Cron } from 'croner';

/**
 * The only place that knows croner. Patterns have five fields, so all dates fall on second 0.
 *
 * Daylight saving, as croner 11 does it with `fixedTimeRule: 'no-wildcard'` (each line is held by a test):
 * - a pattern whose minutes and hours have neither `*` nor a step (`30 2 28 3 *`, `15,45 2 * * *`) and whose time is
 *   skipped in spring comes at the first minute after the gap (03:00), not a year or a day later;
 * - the same pattern comes once, at the first occurrence, when its time occurs twice in autumn;
 * - a pattern with `*` or a step in minutes or hours has no date in the skipped hour and has both occurrences in
 *   autumn. It comes again at its next date: tomorrow for `*\/10 2 * * *`; only for one that names a single day of the
 *   year as well is that a year away.
 */
function cronOf(pattern: string, timezone: string): Cron {
  return new Cron(pattern, { timezone, mode: '5-part', fixedTimeRule: 'no-wildcard' });
}

/** The first date (Unix ms) of a pattern strictly after a moment; `undefined` where it has none at all. */
export function nextDate(pattern: string, timezone: string, after: number): number | undefined {
  return cronOf(pattern, timezone).nextRun(new Date(after))?.getTime();
}

/** The dates (Unix ms) of a pattern strictly after a moment, in order, as many as are asked for. */
export function* datesAfter(pattern: string, timezone: string, after: number): Generator<number> {
  const cron = cronOf(pattern, timezone);
  let date = cron.nextRun(new Date(after));
  while (date) {
    yield date.getTime();
    date = cron.nextRun(date);
  }
}

const FIELDS = [
  ['minute', '0-59'],
  ['hour', '0-23'],
  ['day of month', '1-31 or L'],
  ['month', '1-12 or JAN-DEC'],
  ['day of week', '0-7 (0 and 7 are Sunday) or SUN-SAT'],
] as const;

/** What is wrong with a cron pattern and what would be right; `undefined` where nothing is. */
export function cronMistake(pattern: string): string | undefined {
  if (isAccepted(pattern)) return undefined;
  const fields = pattern.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    return `${JSON.stringify(pattern)} is not a cron pattern; write five fields (minute, hour, day of month, month, day of week), as in "0 3 1 * *"`;
  }
  const index = fields.findIndex((_, position) => !isAccepted(alone(fields, position)));
  const [name, range] = FIELDS[index] ?? ['pattern', 'five fields'];
  return `the ${name} of ${JSON.stringify(pattern)} is wrong: ${JSON.stringify(fields[index] ?? pattern)}; it takes ${range}, also as a list (1,15), a range (1-5; over the end as 22-23,0-4) or with a step (*/2)`;
}

/** The pattern with all fields but one left open. */
function alone(fields: readonly string[], position: number): string {
  return fields.map((field, index) => (index === position ? field : '*')).join(' ');
}

function isAccepted(pattern: string): boolean {
  try {
    cronOf(pattern, 'UTC');
    return true;
  } catch {
    return false;
  }
}

/** Asking Intl for one zone is slow, and thousands of applications may name one. It leaves out older names and UTC. */
const TIMEZONES = new Set(Intl.supportedValuesOf('timeZone'));

/** Whether a name is one of the IANA time zone database (`Europe/Stockholm`, `UTC`); an offset like `+02:00` is none. */
export function isTimezone(name: string): boolean {
  if (TIMEZONES.has(name)) return true;
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
