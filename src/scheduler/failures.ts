import { hasFailed, type Outcome } from '../rotation/outcome.ts';
import { showsRecovery } from './wake-up.ts';

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
    if (showsRecovery(outcome, now)) this.#failing.delete(application);
    if (!hasFailed(outcome) || !trouble) return;
    const isCurable = trouble.kind === 'failed' || this.#circuitCodes.has(trouble.code);
    this.#failing.set(application, { count: this.count(application) + 1, isCurable });
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
