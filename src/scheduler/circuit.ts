import { EventEmitter } from 'node:events';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  IterableBackoff,
} from 'cockatiel';
import { PortError, type Problem, problemOf } from '../rotation/errors.ts';

export interface CircuitOptions {
  /** The server as people know it: `issuer sto1`, `vault`. */
  readonly server: string;
  /** Code of a call that the open circuit kept back: `issuer-circuit-open`, `vault-circuit-open`. */
  readonly code: string;
  /** Failures in a row that open it. */
  readonly failures?: number;
  /** Pauses in ms before each next probe; the last one repeats. */
  readonly probeAfterMs?: readonly number[];
}

const FAILURES = 5;
/** The wall clock is put back by this much before it counts; less passes by itself. */
const CLOCK_STEP_MS = 2_000;
const PROBE_AFTER_MS = [5_000, 10_000, 20_000, 40_000, 60_000];

/** How a call ended as the breaker sees it: anything the server answered, a refusal included, shows that it is there. */
type Answer<T> = { readonly value: T } | { readonly refusal: unknown };

/**
 * Stops calling a server that fails for everybody. While it is open, calls fail at once as `unavailable` (no byte was
 * sent), but for one probe after each pause. Only failures that concern the server count.
 */
export class Circuit {
  readonly server: string;
  readonly code: string;
  readonly #options: CircuitOptions;
  #policy: CircuitBreakerPolicy;
  #latest = Date.now();
  readonly #events = new EventEmitter<{ open: []; close: [] }>();
  #openSince: number | undefined;
  /** When the next probe may be made (Unix ms), and how often it opened in a row. */
  #probeAt = 0;
  #openings = 0;
  #lastFailure: Problem | undefined;
  /** Without what was attempted: that was another application's business. */
  #lastReason: string | undefined;

  constructor(options: CircuitOptions) {
    this.server = options.server;
    this.code = options.code;
    this.#options = options;
    this.#policy = this.#newPolicy();
  }

  #newPolicy(): CircuitBreakerPolicy {
    const policy = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(this.#options.failures ?? FAILURES),
      halfOpenAfter: new IterableBackoff(this.#options.probeAfterMs ?? PROBE_AFTER_MS),
    });
    policy.onStateChange((state) => policy === this.#policy && this.#enter(state));
    return policy;
  }

  /** The breaker waits by the wall clock: where that was put back, it would stay open for as long. */
  #renewWhereClockWentBack(): void {
    const now = Date.now();
    const wentBack = now < this.#latest - CLOCK_STEP_MS;
    this.#latest = now;
    if (!wentBack) return;
    this.#policy = this.#newPolicy();
    this.#turn(false);
  }

  /** Whether calls are held back; also while a probe is under way. */
  get isOpen(): boolean {
    return this.#openSince !== undefined;
  }

  /** Since when calls are held back (Unix ms), however often it was probed meanwhile; undefined while they are not. */
  get openSince(): number | undefined {
    return this.#openSince;
  }

  /** What the server failed with last; undefined if it never did. */
  get lastFailure(): Problem | undefined {
    return this.#lastFailure;
  }

  /** What it returns ends the listening. */
  onOpen(listener: () => void): () => void {
    return this.#listen('open', listener);
  }

  /** What it returns ends the listening. */
  onClose(listener: () => void): () => void {
    return this.#listen('close', listener);
  }

  #listen(turn: 'open' | 'close', listener: () => void): () => void {
    this.#events.on(turn, listener);
    return () => this.#events.off(turn, listener);
  }

  /**
   * Runs `call`, or throws what `shed` makes without running it. `attempted` says what was to be done, as in
   * `create a credential on os-ab123`. Calls must not be nested in one another.
   */
  async execute<T>(attempted: string, call: () => Promise<T>): Promise<T> {
    this.#renewWhereClockWentBack();
    try {
      const answer = await this.#policy.execute(() => this.#watched(call));
      if ('refusal' in answer) throw answer.refusal;
      return answer.value;
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.shed(attempted) : error;
    }
  }

  /**
   * The same for a call that may succeed although the server does not do its work, as what is answered from memory or
   * by any node of a cluster without a leader: its failure counts, its success shows nothing. It is never the probe.
   */
  async executeBeside<T>(attempted: string, call: () => Promise<T>): Promise<T> {
    this.#renewWhereClockWentBack();
    if (this.isOpen && Date.now() < this.#probeAt) throw this.shed(attempted);
    try {
      return await call();
    } catch (error) {
      return this.execute(attempted, () => Promise.reject(error));
    }
  }

  /** The error of a call that was not made because the circuit is open. */
  shed(attempted: string): PortError {
    const last = this.#lastFailure;
    return new PortError({
      kind: 'unavailable',
      code: this.code,
      concerns: 'server',
      attempted,
      reason: `${this.server} is not called for now because it failed again and again${this.#lastReason ? `; last: ${this.#lastReason}` : ''}`,
      remedy: `${last ? `${last.remedy} ` : ''}rekeyd probes ${this.server} by itself and goes on once it answers.`,
    });
  }

  async #watched<T>(call: () => Promise<T>): Promise<Answer<T>> {
    try {
      return { value: await call() };
    } catch (error) {
      if (!this.#counts(error)) return { refusal: error };
      this.#lastFailure = problemOf(error);
      this.#lastReason = error instanceof PortError ? error.reason : undefined;
      throw error;
    }
  }

  #counts(error: unknown): boolean {
    return error instanceof PortError && error.concerns === 'server' && error.code !== this.code;
  }

  #enter(state: CircuitState): void {
    if (state === CircuitState.Closed) this.#openings = 0;
    if (state === CircuitState.Open) {
      const pauses = this.#options.probeAfterMs ?? PROBE_AFTER_MS;
      this.#probeAt = Date.now() + (pauses[this.#openings] ?? pauses.at(-1) ?? 0);
      this.#openings += 1;
    }
    this.#turn(state !== CircuitState.Closed);
  }

  #turn(isOpen: boolean): void {
    if (isOpen === this.isOpen) return;
    this.#openSince = isOpen ? Date.now() : undefined;
    this.#events.emit(isOpen ? 'open' : 'close');
  }
}
