import prettyMilliseconds from 'pretty-ms';

const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** How a duration is written: a whole number and one unit. */
export const DURATION_PATTERN = /^(\d{1,12})(ms|s|m|h|d|w)$/;

/** Ten years: longer than any key should live, and far from where dates stop being exact. */
const LONGEST_DURATION_MS = 3_650 * MS_PER_UNIT.d;

/** What to tell a person whose duration could not be read. */
export const DURATION_HINT = 'write a whole number and a unit (ms, s, m, h, d or w), as in 90s, 24h or 30d';

/** Milliseconds of a text like `90s`, `24h` or `30d`; `undefined` where it is none or longer than ten years. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text);
  if (!match) return undefined;
  const ms = Number(match[1]) * MS_PER_UNIT[match[2] as keyof typeof MS_PER_UNIT];
  return ms <= LONGEST_DURATION_MS ? ms : undefined;
}

/** A duration for people: `2d 3h`, `1.5s`, `250ms`. For display only, it is rounded. */
export function formatDuration(ms: number): string {
  return prettyMilliseconds(ms, { hideYear: true, unitCount: 2 });
}

/**
 * How long until something or since, for people: `29d`, `23h 55m`, `4s`; of what is past already, `0ms`. Of a day and
 * more the first unit is exact enough; a hold of two hours must not show as one.
 */
export function formatDistance(ms: number): string {
  const isLong = ms >= MS_PER_UNIT.d;
  return prettyMilliseconds(Math.max(0, ms), isLong ? { compact: true } : { unitCount: 2, secondsDecimalDigits: 0 });
}
