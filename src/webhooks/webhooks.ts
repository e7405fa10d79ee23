import type { SecretReference, WebhookPolicy } from '../policy/policy.ts';
import type { SecretSource } from '../policy/secret.ts';
import { type DeliveryListener, Endpoint, type EndpointTimes } from './endpoint.ts';
import type { Teller } from './message.ts';
import type { Notice } from './notice.ts';
import { Streaks } from './streaks.ts';

export interface WebhooksOptions {
  readonly teller: Teller;
  readonly secretOf: (reference: SecretReference) => SecretSource;
  /** Unix ms. */
  readonly now: () => number;
  /** For each message a new one. */
  readonly newId: () => string;
  readonly listener: DeliveryListener;
  readonly times?: EndpointTimes;
}

/** At the end, what has not arrived gets so many ms. */
const FLUSH_MS = 3_000;

/** Tells the receivers of the policy what happens. Telling never waits, never throws, and takes a bounded memory. */
export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #streaks = new Streaks();
  #endpoints: readonly Endpoint[] = [];

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  /** Tells these from now on. What is on its way to those that stay goes on, and those that wanted no more are tried again. */
  govern(policies: readonly WebhookPolicy[]): void {
    const before = this.#endpoints;
    this.#endpoints = policies.map((policy) => before.find((one) => one.isFor(policy)) ?? this.#open(policy));
    for (const endpoint of this.#endpoints) endpoint.enable();
    for (const endpoint of before) if (!this.#endpoints.includes(endpoint)) void endpoint.retire();
  }

  tell(notice: Notice): void {
    const placed = this.#streaks.place(notice);
    for (const endpoint of this.#endpoints) endpoint.tell(placed);
  }

  /** What has not arrived gets one more try, for a bounded time; the rest is dropped. */
  async close(flushMs: number = FLUSH_MS): Promise<void> {
    const bound = Promise.withResolvers<void>();
    const timer = setTimeout(bound.resolve, flushMs);
    await Promise.race([Promise.all(this.#endpoints.map((endpoint) => endpoint.flush())), bound.promise]);
    clearTimeout(timer);
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
  }

  #open(policy: WebhookPolicy): Endpoint {
    return new Endpoint(policy, { ...this.#options, secret: this.#options.secretOf(policy.secret) });
  }
}
