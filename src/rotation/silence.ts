import type { ApplicationPolicy } from '../policy/policy.ts';
import { PortError, type Problem } from './errors.ts';
import type { PutOff } from './lists.ts';
import { iso } from './record.ts';

/** A time, both ends in Unix ms, during which the store answered nobody. */
interface Silence {
  readonly from: number;
  readonly until: number;
}

/**
 * Remembers when the store could not be read: consumers could not either, so what was superseded before has not had its
 * grace yet. A silence shorter than a consumer's refresh costs it one look, and every grace has room for that.
 */
export class StoreSilences {
  #since: number | undefined;
  /** Oldest first, each shorter than the one before: a hiccup after a long silence does not make anybody forget that. */
  #past: readonly Silence[] = [];

  /** A read ended in this error, at `now`. What is wrong with one path only says nothing about the store. */
  failed(error: unknown, now: number): void {
    if (error instanceof PortError && error.concerns === 'server') this.#since ??= now;
  }

  answered(now: number): void {
    if (this.#since === undefined) return;
    const last = { from: this.#since, until: now };
    this.#past = [...this.#past.filter((one) => lengthOf(one) > lengthOf(last)), last];
    this.#since = undefined;
  }

  /** Until when consumers of an application may not have looked again; `undefined` where that is no question at `now`. */
  putOff({ consumers, graceMs }: ApplicationPolicy, now: number): PutOff | undefined {
    const silence = this.#past.findLast((one) => lengthOf(one) > consumers.refreshMs);
    if (!silence) return undefined;
    const until = silence.until + Math.min(2 * consumers.refreshMs, graceMs);
    return until > now ? { until, problem: problemOfSilence(silence) } : undefined;
  }
}

function lengthOf({ from, until }: Silence): number {
  return until - from;
}

function problemOfSilence({ from, until }: Silence): Problem {
  return {
    code: 'unread-lately',
    reason: `Vault could not be read from ${iso(from)} to ${iso(until)}, so consumers may still use it`,
    remedy: 'Nothing to do: it is revoked once they have had the time to read the newer one.',
  };
}
