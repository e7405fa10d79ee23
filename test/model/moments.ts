import { parseMarker } from '../../src/rotation/marker.ts';
import { asArrived, revokeTime } from '../../src/rotation/record.ts';
import { expiresAt, type Outside, recordAt } from './outside.ts';

/** By default an attempt lasts two minutes besides its verification, and clocks differ by a minute at most. */
const ATTEMPT_AND_CLOCKS_MS = 180_000;

/** Everything that may be waited for, Unix ms: times as stored and as they count, and the age at which a stray is old. */
function* moments(outside: Outside, verifyMs: number): Iterable<number> {
  for (const [path, version] of Object.entries(outside.secrets)) {
    const record = recordAt(outside, path);
    if (!record) continue;
    const { rotate_at, superseded, hold } = record;
    yield Date.parse(rotate_at);
    for (const entry of [...superseded, ...asArrived(record, version).superseded]) yield revokeTime(entry);
    if (hold) yield Date.parse(hold.until);
    const expires = expiresAt(outside, path);
    if (Number.isFinite(expires)) yield* [expires - outside.graceMs, expires];
  }
  for (const { live, description } of outside.keys) {
    const marker = live ? parseMarker(description) : undefined;
    if (marker) yield marker.attemptedAt + verifyMs + ATTEMPT_AND_CLOCKS_MS;
  }
}

/** The next moment at which something may become possible, after the servers' second has turned too. */
export function nextMoment(
  outside: Outside,
  verifyMs: number,
  around: {
    readonly sleeps: readonly number[];
    readonly openings?: readonly number[];
    readonly clocksAheadMs: readonly number[];
    readonly horizon: number;
  },
): number | undefined {
  const { sleeps, openings = [], clocksAheadMs, horizon } = around;
  const ahead = [...moments(outside, verifyMs)]
    .flatMap((at) => clocksAheadMs.map((ms) => at - ms))
    .map((at) => Math.floor(at / 1000) * 1000 + 1000);
  const next = Math.min(...[...ahead, ...sleeps, ...openings].filter((at) => at > outside.now));
  return next <= horizon ? next : undefined;
}
