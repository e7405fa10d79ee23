import type { SchedulerPolicy } from '../policy/policy.ts';
import { hasFailed, isBeside, isFruitless, type Outcome } from '../rotation/outcome.ts';
import type { Clock } from '../rotation/ports.ts';
import { BACKOFF_FROM_MS } from './backoff.ts';
import { Failures } from './failures.ts';
import type { Known } from './handover.ts';
import { Timetable } from './timetable.ts';
import { type Source, type WakeUpTerms, wakeUpAt } from './wake-up.ts';

export interface AgendaOptions {
  readonly scheduler: SchedulerPolicy;
  readonly clock: Pick<Clock, 'now'>;
  /** 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** The first pause after a failure, in ms. */
  readonly backoffFromMs?: number;
  /** This replica's share of the spread, in ms. */
  readonly delayOf: (application: string) => number;
  /** Codes of calls that an open circuit kept back. */
  readonly circuitCodes: readonly string[];
  /** Called when something was put down that is due at once. */
  readonly onDue: () => void;
}

/** How long a paced chunk of the resync may take, in ms; what is due within that time needs no extra look. */
const SOON_MS = 20_000;

/** When each application is looked at next, on from how its last look or pass ended. It plans and starts nothing. */
export class Agenda {
  readonly #options: AgendaOptions;
  readonly #timetable = new Timetable();
  readonly #failures: Failures;

  constructor(options: AgendaOptions) {
    this.#options = options;
    this.#failures = new Failures(options.circuitCodes);
  }

  /** Takes out every application that is due, earliest first. */
  takeDue(now: number): readonly string[] {
    return this.#timetable.takeDue(now);
  }

  /** When this application is due (Unix ms); undefined while it is in hand or has not been looked at yet. */
  at(application: string): number | undefined {
    return this.#timetable.at(application);
  }

  /** The earliest time (Unix ms) at which anything is due. */
  get next(): number | undefined {
    return this.#timetable.next;
  }

  /** Whether it will be looked at before a chunk of the resync could end. */
  isSoonDue(application: string): boolean {
    return (this.#timetable.at(application) ?? Infinity) <= this.#options.clock.now() + SOON_MS;
  }

  /** Decides when the application of an outcome is looked at again, and returns it (Unix ms). */
  settle(outcome: Outcome, source: Source): number {
    const now = this.#options.clock.now();
    const { application } = outcome;
    const planned = this.#timetable.at(application);
    this.#failures.note(outcome, now);
    const wakeUp = wakeUpAt(outcome, now, this.#termsFor(application, source));
    // what waits its share of the spread already does not begin to wait anew at each look
    const at = isFruitless(outcome, now) ? Math.min(wakeUp, planned ?? wakeUp) : wakeUp;
    if (planned === undefined || !this.#keepsPlan(outcome, now)) this.#plan(application, at);
    else if (at < planned && hasFailed(outcome)) this.#plan(application, at);
    return this.#timetable.at(application) ?? at;
  }

  /** What is known of an application, for whoever takes over. */
  knownOf(application: string): Known {
    const [at, failing] = [this.#timetable.at(application), this.#failures.of(application)];
    return { ...(at !== undefined && { at }), ...(failing && { failing }) };
  }

  /** Goes on from what another one knew. */
  takeOver(application: string, { at, failing }: Known): void {
    if (failing) this.#failures.takeOver(application, failing);
    if (at !== undefined) this.#plan(application, at);
  }

  /** Has an application looked at by `at` (Unix ms) at the latest. */
  wake(application: string, at: number): void {
    this.#plan(application, Math.min(at, this.#timetable.at(application) ?? at));
  }

  /** Applications that wait out a failure which may be over once a server is back; those in hand are left alone. */
  curable(): readonly string[] {
    return [...this.#failures.curable()].filter((name) => this.#timetable.at(name) !== undefined);
  }

  /**
   * A look of the resync neither cuts a pause after a failure short nor draws it out. What can be done meanwhile is no
   * part of that: strays that have become old enough and graces that are over may be what the failure waits for.
   */
  #keepsPlan(outcome: Outcome, now: number): boolean {
    const streak = this.#failures.streak(outcome.application);
    return hasFailed(outcome) || (isFruitless(outcome, now) && streak.count > 0 && !isBeside(streak, outcome));
  }

  #termsFor(application: string, source: Source): WakeUpTerms {
    const { scheduler, delayOf, random, backoffFromMs } = this.#options;
    return {
      source,
      delayMs: delayOf(application),
      resyncMs: scheduler.resyncMs,
      failures: this.#failures.streak(application).count,
      random: random(),
      backoffFromMs: backoffFromMs ?? BACKOFF_FROM_MS,
    };
  }

  #plan(application: string, at: number): void {
    this.#timetable.set(application, at);
    if (at <= this.#options.clock.now()) this.#options.onDue();
  }
}
