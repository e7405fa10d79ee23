import { failuresAfter, hasFailed, type Outcome } from '../rotation/outcome.ts';

interface Failing {
  readonly count: number;
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
    const count = failuresAfter(this.count(application), outcome, now);
    if (count === 0) this.#failing.delete(application);
    if (!hasFailed(outcome) || !trouble) return;
    const isCurable = trouble.kind === 'failed' || this.#circuitCodes.has(trouble.code);
    this.#failing.set(application, { count, isCurable });
  }

  /** Failures in a row; 0: the application is well, refused or was never looked at. */
  count(application: string): number {
    return this.#failing.get(application)?.count ?? 0;
  }

  /** Applications whose failure may be over once a server is back. */
  *curable(): Generator<string> {
    for (const [application, { isCurable }] of this.#failing) if (isCurable) yield application;
  }
}
