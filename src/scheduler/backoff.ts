/** The first pause after a failure, in ms. */
export const BACKOFF_FROM_MS = 5_000;
/** No pause is longer, in ms, whoever asks for it. */
export const LONGEST_PAUSE_MS = 3_600_000;

/**
 * How long to wait after the `failures`-th failure in a row (from 1), in ms: from `from`, doubling each time, up to an
 * hour, for ever. `random` (0 to 1) spreads it over the upper half of the pause, so that what failed together does not
 * come back together.
 */
export function backoffMs(failures: number, random: number, from: number = BACKOFF_FROM_MS): number {
  const longest = Math.min(LONGEST_PAUSE_MS, from * 2 ** failures);
  return longest * (0.5 + random / 2);
}
