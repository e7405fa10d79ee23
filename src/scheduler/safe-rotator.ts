import { troubleOf } from '../rotation/errors.ts';
import { failedOutcome, type Outcome } from '../rotation/outcome.ts';
import type { OperatorRequest, Rotator } from '../rotation/rotator.ts';

/**
 * The rotator with its promise made sure of: nothing it does throws, and each application asked about has an outcome.
 * A defect shows as a failed outcome of that application and harms no other.
 */
export class SafeRotator {
  readonly #rotator: Rotator;
  readonly #now: () => number;

  constructor(rotator: Rotator, now: () => number) {
    this.#rotator = rotator;
    this.#now = now;
  }

  isSurveyed(application: string): boolean {
    return this.#rotator.isSurveyed(application);
  }

  async pass(application: string, request?: OperatorRequest): Promise<Outcome> {
    try {
      return await (request ? this.#rotator.pass(application, request) : this.#rotator.pass(application));
    } catch (error) {
      return this.#broken(application, error);
    }
  }

  async survey(applications: readonly string[], pace: () => Promise<void>): Promise<readonly Outcome[]> {
    try {
      const outcomes = new Map<string, Outcome>();
      for (const outcome of await this.#rotator.survey(applications, pace)) outcomes.set(outcome.application, outcome);
      return applications.map((name) => outcomes.get(name) ?? this.#broken(name, new Error('no outcome')));
    } catch (error) {
      return applications.map((name) => this.#broken(name, error));
    }
  }

  #broken(application: string, error: unknown): Outcome {
    return failedOutcome(application, troubleOf(error), this.#now());
  }
}
