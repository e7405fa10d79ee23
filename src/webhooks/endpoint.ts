import { isDeepStrictEqual } from 'node:util';
import type { WebhookPolicy } from '../policy/policy.ts';
import type { SecretSource } from '../policy/secret.ts';
import { Deliveries, type DeliveryLimits } from './deliveries.ts';
import { Gathering, type GatheringTimes } from './gathering.ts';
import { type Message, messageOf, type Teller } from './message.ts';
import type { Notice } from './notice.ts';
import { type Attempt, Sender } from './sender.ts';
import { isFailure, type Placed } from './streaks.ts';

/** What becomes of deliveries. `origin`: all that is ever shown of an address, since the rest may be a secret. */
export interface DeliveryListener {
  delivered(origin: string): void;
  /** `pausing`: ms until it is tried again. */
  retried(origin: string, why: string, pausing: number): void;
  dropped(origin: string, why: string, count: number): void;
  /** The receiver wants nothing any more (410). */
  disabled(origin: string): void;
}

export interface EndpointOptions {
  readonly secret: SecretSource;
  readonly teller: Teller;
  /** Unix ms. */
  readonly now: () => number;
  /** For each message a new one. */
  readonly newId: () => string;
  readonly listener: DeliveryListener;
  readonly times?: EndpointTimes;
}

const NOT_TOLD = 'it is told of nothing any more';

/** For tests, which have less patience. */
export interface EndpointTimes {
  readonly gathering?: Partial<GatheringTimes>;
  readonly deliveries?: Partial<DeliveryLimits>;
  readonly timeoutMs?: number;
}

/** One receiver: what it is told of, and how that gets there. Whatever it does, nobody waits for it. */
export class Endpoint {
  readonly #policy: WebhookPolicy;
  readonly #options: EndpointOptions;
  readonly #origin: string;
  readonly #sender: Sender;
  readonly #deliveries: Deliveries;
  readonly #gathering: Gathering;
  /** Applications whose trouble it was told of. */
  readonly #told = new Set<string>();
  #isDisabled = false;

  constructor(policy: WebhookPolicy, options: EndpointOptions) {
    const { secret, now, times = {} } = options;
    this.#policy = policy;
    this.#options = options;
    this.#origin = new URL(policy.url).origin;
    const { timeoutMs } = times;
    this.#sender = new Sender({ url: policy.url, secret, now, ...(timeoutMs !== undefined && { timeoutMs }) });
    this.#deliveries = new Deliveries({
      send: (message) => this.#sender.send(message),
      onAttempt: (attempt, pausing) => this.#note(attempt, pausing),
      onDropped: (count) => options.listener.dropped(this.#origin, 'too many wait for this receiver', count),
      ...(times.deliveries && { limits: times.deliveries }),
    });
    this.#gathering = new Gathering((notices) => this.#send(notices), times.gathering);
  }

  isFor(policy: WebhookPolicy): boolean {
    return isDeepStrictEqual(this.#policy, policy);
  }

  /** Goes on telling a receiver that wanted nothing any more. */
  enable(): void {
    this.#isDisabled = false;
  }

  tell(placed: Placed): void {
    if (!this.#isDisabled && this.#wants(placed)) this.#gathering.add(placed.notice);
  }

  /** Tries once whatever has not arrived. */
  async flush(): Promise<void> {
    this.#gathering.flush();
    await this.#deliveries.tried();
  }

  /** For a receiver that is to be told nothing more: what is under way ends, within its time, and nothing else is sent. */
  async retire(): Promise<void> {
    this.#isDisabled = true;
    this.#dropWaiting(NOT_TOLD);
    await this.#deliveries.tried();
    await this.close();
  }

  async close(): Promise<void> {
    this.#gathering.flush();
    const left = this.#deliveries.close();
    if (left > 0) this.#options.listener.dropped(this.#origin, NOT_TOLD, left);
    await this.#sender.close();
  }

  #wants({ notice, attempts }: Placed): boolean {
    const { events, after } = this.#policy;
    const { application = '', event } = notice;
    if (event === 'application.recovered') {
      const wasTold = this.#told.delete(application);
      return events.includes(event) && (wasTold || attempts === 0 || attempts >= after);
    }
    if (!events.includes(event)) return false;
    if (!isFailure(notice)) return true;
    const isNews = attempts >= after && !this.#told.has(application);
    if (isNews) this.#told.add(application);
    return isNews;
  }

  #send(notices: readonly Notice[]): void {
    const [first, ...others] = notices;
    if (!first || this.#isDisabled) return;
    const { newId, teller } = this.#options;
    const message: Message = messageOf([first, ...others], newId(), teller);
    this.#deliveries.add(message);
  }

  #note(attempt: Attempt, pausing: number | undefined): void {
    const { listener } = this.#options;
    if (attempt.result === 'delivered') listener.delivered(this.#origin);
    else if (attempt.result === 'gone') this.#disable();
    else if (pausing !== undefined) listener.retried(this.#origin, attempt.why, pausing);
    else listener.dropped(this.#origin, attempt.why, 1);
  }

  #disable(): void {
    if (!this.#isDisabled) this.#options.listener.disabled(this.#origin);
    this.#isDisabled = true;
    this.#dropWaiting('it wants nothing any more');
  }

  #dropWaiting(why: string): void {
    const left = this.#deliveries.drop();
    if (left > 0) this.#options.listener.dropped(this.#origin, why, left);
  }
}
