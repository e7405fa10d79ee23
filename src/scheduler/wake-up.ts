import { hasFailed, isFruitless, type Outcome } from '../rotation/outcome.ts';
import { backoffMs, LONGEST_PAUSE_MS } from './backoff.ts';

/** Who brings an outcome: a lane that did what was due, or the resync that only looked. */
export type Source = 'lane' | 'resync';

/** What an outcome's next look depends on besides the outcome. All times in ms. */
export interface WakeUpTerms {
  readonly source: Source;
  /** This replica's share of the spread for this application. */
  readonly delayMs: number;
  readonly resyncMs: number;
  /** Failures in a row, this one included. */
  readonly failures: number;
  /** 0 to 1. */
  readonly random: number;
  /** The first pause after a failure. */
  readonly backoffFromMs: number;
}

/** What came to its turn, did nothing and yet wants to be looked at now gets at least this pause, in ms. */
const FRUITLESS_PAUSE_MS = 1_000;

/** When an application is to be looked at again (Unix ms). Always a time: nothing is ever parked. */
export function wakeUpAt(outcome: Outcome, now: number, terms: WakeUpTerms): number {
  if (hasFailed(outcome)) return now + pauseMs(outcome, terms);
  if (outcome.trouble)
    return outcome.nextAt > now ? Math.min(outcome.nextAt, now + terms.resyncMs) : now + terms.resyncMs;
  const at = Math.max(outcome.nextAt, now) + terms.delayMs;
  return terms.source === 'lane' && isFruitless(outcome, now) ? Math.max(at, now + FRUITLESS_PAUSE_MS) : at;
}

/** The pause after a failure, in ms: ours, or what the server asked for if that is longer. */
function pauseMs({ trouble }: Outcome, { failures, random, backoffFromMs }: WakeUpTerms): number {
  const asked = Math.min(trouble?.retryAfterMs ?? 0, LONGEST_PAUSE_MS);
  return Math.max(asked, backoffMs(failures, random, backoffFromMs));
}
