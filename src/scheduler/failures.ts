import { hasFailed, NO_FAILURES, type Outcome, type Streak, streakAfter } from '../rotation/outcome.ts';

/** An application that fails. */
export interface Failing extends Streak {
  readonly isCurable: boolean;
}

/** Which applications fail, and how often in a row. */
export class Failures {
  readonly #failing = new Map<string, Failing>();
  readonly #circuitCodes: ReadonlySet<string>;

  /** `circuitCodes`: codes of calls that an open circuit kept back. */
  constructor(circuitCodes: Iterable<string>) {
    this.#circuitCodes = new Set(circuitCodes);
  }

  note(outcome: Outcome, now: number): void {
    const { application, trouble } = outcome;
    const streak = streakAfter(this.streak(application), outcome, now);
    if (streak.count === 0) this.#failing.delete(application);
    if (!hasFailed(outcome) || !trouble) return;
    const isCurable = trouble.kind === 'failed' || this.#circuitCodes.has(trouble.code);
    this.#failing.set(application, { ...streak, isCurable });
  }

  /** Failures in a row; none: the application is well, refused or was never looked at. */
  streak(application: string): Streak {
    return this.#failing.get(application) ?? NO_FAILURES;
  }

  /** For whoever takes over; undefined where it does not fail. */
  of(application: string): Failing | undefined {
    return this.#failing.get(application);
  }

  /** Goes on from what another one noted. */
  takeOver(application: string, failing: Failing): void {
    this.#failing.set(application, failing);
  }

  /** Applications whose failure may be over once a server is back. */
  *curable(): Generator<string> {
    for (const [application, { isCurable }] of this.#failing) if (isCurable) yield application;
  }
}
