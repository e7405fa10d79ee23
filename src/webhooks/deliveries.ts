import type { Message } from './message.ts';
import type { Attempt } from './sender.ts';

export interface DeliveriesOptions {
  /** Never throws. */
  readonly send: (message: Message) => Promise<Attempt>;
  /** Hears the end of each attempt; `pausing`: ms until the next one, absent where there is none. */
  readonly onAttempt: (attempt: Attempt, pausing?: number) => void;
  /** Hears of messages that were given up without an attempt: too many waited. */
  readonly onDropped: (count: number) => void;
  readonly limits?: Partial<DeliveryLimits>;
}

export interface DeliveryLimits {
  /** Pauses in ms before each attempt after the first; after the last one a message is given up. */
  readonly pausesMs: readonly number[];
  /** Messages that wait; of more than that the oldest is dropped. */
  readonly waiting: number;
  /** Attempts at once. */
  readonly concurrency: number;
}

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
const LIMITS: DeliveryLimits = {
  // sixteen hours in all
  pausesMs: [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR],
  waiting: 1_000,
  concurrency: 4,
};

interface Delivery {
  readonly message: Message;
  /** Attempts that failed. */
  failures: number;
  /** By `performance.now`. */
  dueAt: number;
  isUnderWay: boolean;
}

/** Messages on their way to one receiver, each tried again with growing pauses. Takes no more than a bounded memory. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #limits: DeliveryLimits;
  readonly #waiting = new Set<Delivery>();
  #busy = 0;
  /** The receiver asked not to be called before. */
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #idle = Promise.withResolvers<void>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  add(message: Message): void {
    if (this.#isClosed) return;
    this.#waiting.add({ message, failures: 0, dueAt: performance.now(), isUnderWay: false });
    if (this.#waiting.size > this.#limits.waiting) this.#dropOldest();
    this.#pump();
  }

  /** How many messages have not arrived. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves once every message that could be sent by now was tried. */
  async tried(): Promise<void> {
    if (this.#busy === 0 && this.#nextDue() === undefined) return;
    this.#idle = Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Forgets what waits. Returns how many messages that were. */
  drop(): number {
    const waiting = [...this.#waiting].filter(({ isUnderWay }) => !isUnderWay);
    for (const delivery of waiting) this.#waiting.delete(delivery);
    return waiting.length;
  }

  /** Begins nothing more. Returns how many messages have not arrived. */
  close(): number {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const left = this.#waiting.size;
    this.#waiting.clear();
    return left;
  }

  #dropOldest(): void {
    for (const delivery of this.#waiting) {
      if (delivery.isUnderWay) continue;
      this.#waiting.delete(delivery);
      this.#options.onDropped(1);
      return;
    }
  }

  #pump(): void {
    if (this.#isClosed) return;
    while (this.#busy < this.#limits.concurrency) {
      const next = this.#nextDue();
      if (!next) break;
      void this.#try(next);
    }
    if (this.#busy === 0) this.#idle.resolve();
    this.#setTimer();
  }

  #nextDue(): Delivery | undefined {
    const now = performance.now();
    if (now < this.#notBefore) return undefined;
    for (const delivery of this.#waiting) if (!delivery.isUnderWay && delivery.dueAt <= now) return delivery;
    return undefined;
  }

  async #try(delivery: Delivery): Promise<void> {
    delivery.isUnderWay = true;
    this.#busy += 1;
    const attempt = await this.#options.send(delivery.message);
    this.#busy -= 1;
    delivery.isUnderWay = false;
    if (this.#isClosed) return;
    if (attempt.result === 'failed') this.#putOff(delivery, attempt);
    else {
      this.#waiting.delete(delivery);
      this.#options.onAttempt(attempt);
    }
    this.#pump();
  }

  #putOff(delivery: Delivery, attempt: Attempt & { readonly result: 'failed' }): void {
    const pause = this.#limits.pausesMs[delivery.failures];
    delivery.failures += 1;
    if (attempt.retryAfterMs !== undefined) this.#notBefore = performance.now() + attempt.retryAfterMs;
    if (pause === undefined) {
      this.#waiting.delete(delivery);
      this.#options.onAttempt(attempt);
      return;
    }
    // what failed together does not come back together
    const pausing = Math.max(pause * (0.8 + Math.random() * 0.4), attempt.retryAfterMs ?? 0);
    delivery.dueAt = performance.now() + pausing;
    this.#options.onAttempt(attempt, pausing);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (this.#busy >= this.#limits.concurrency) return;
    let next = Infinity;
    for (const { dueAt, isUnderWay } of this.#waiting) if (!isUnderWay) next = Math.min(next, dueAt);
    if (next === Infinity) return;
    const wait = Math.max(next, this.#notBefore) - performance.now();
    this.#timer = setTimeout(() => this.#pump(), Math.max(wait, 1)).unref();
  }
}
