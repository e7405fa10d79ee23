/** Unix nanoseconds of an RFC 3339 time with up to nine decimals; `undefined` for anything else. */
export function nanosecondsOf(time: string): bigint | undefined {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  const seconds = parts ? Date.parse(`${parts[1]}${parts[3]}`) : Number.NaN;
  if (Number.isNaN(seconds)) return undefined;
  return BigInt(seconds) * 1_000_000n + BigInt((parts?.[2] ?? '').padEnd(9, '0'));
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} ((?:19|20|21)\d\d) \d\d:\d\d:\d\d GMT$/;

/**
 * Unix ms of a `Date` header as servers write it, up to the year 2199; `undefined` for anything else. `Date.parse` finds
 * a date in almost any text, and every grace starts at this clock.
 */
export function httpDateMs(text: string): number | undefined {
  const time = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Milliseconds of a duration as Go prints it (`3h25m19s`, `-1s`); `undefined` for anything else. */
export function durationMs(duration: string): number | undefined {
  const whole = /^(-?)((?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+)$/.exec(duration);
  if (!whole?.[2]) return undefined;
  const parts = whole[2].matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g);
  const sum = [...parts].reduce((total, [, count, unit]) => total + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  return whole[1] ? -sum : sum;
}
