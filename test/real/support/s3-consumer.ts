import { setTimeout as sleep } from 'node:timers/promises';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { fromFile, type HeldSecret, type KeySource, type RenderedSecret } from './key-source.ts';

export interface ConsumerFailure {
  readonly at: string;
  readonly accessKeyId: string;
  readonly why: string;
  /** S3 itself refused the key. */
  readonly isRefusal: boolean;
  /** It came after a request that went well: whatever it is, somebody who worked does not. */
  readonly isAfterSuccess: boolean;
  /** How long ago the key had been read when the failure came, in ms; more than a grace is the consumer's own fault. */
  readonly heldMs: number | undefined;
}

export interface ConsumerOptions {
  /** Between two requests, in ms. */
  readonly pauseMs?: number;
  /** Where it finds S3, whatever the secret says: for secrets whose endpoint is rekeyd's own way there. */
  readonly endpoint?: string;
}

/** An application that lists its buckets all the time with the key that its source gives at that moment. */
export class S3Consumer {
  readonly name: string;
  requests = 0;
  /** Requests that went well. */
  successes = 0;
  readonly failures: ConsumerFailure[] = [];
  /** Access key ids in the order in which they were first used. */
  readonly used: string[] = [];
  readonly #source: KeySource;
  readonly #options: ConsumerOptions;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #client: S3Client | undefined;
  /** What the client was made for. */
  #madeFor = '';

  /** `source`: a file's name stands for what an agent keeps there. */
  constructor(name: string, source: string | KeySource, options: ConsumerOptions = {}) {
    this.name = name;
    this.#source = typeof source === 'string' ? fromFile(source) : source;
    this.#options = options;
    this.#ended = this.#run();
  }

  get refusals(): readonly ConsumerFailure[] {
    return this.failures.filter(({ isRefusal }) => isRefusal);
  }

  /** All that went wrong once it had worked, but for refusals. */
  get losses(): readonly ConsumerFailure[] {
    return this.failures.filter(({ isRefusal, isAfterSuccess }) => isAfterSuccess && !isRefusal);
  }

  async #run(): Promise<void> {
    const { pauseMs = 150 } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#request();
      await sleep(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
    this.#client?.destroy();
  }

  async #request(): Promise<void> {
    let held: HeldSecret | undefined;
    try {
      held = await this.#source();
      this.requests += 1;
      await this.#clientFor(held).send(new ListBucketsCommand({}));
      this.successes += 1;
    } catch (error) {
      this.failures.push({
        at: new Date().toISOString(),
        accessKeyId: held?.access_key_id ?? 'none',
        why: String(error),
        isRefusal: isRefusal(error),
        isAfterSuccess: this.successes > 0,
        heldMs: held?.readAt === undefined ? undefined : Math.round(performance.now() - held.readAt),
      });
    }
  }

  /** A client of its own for each key and endpoint: one that has signed with a key goes on doing so. */
  #clientFor({ access_key_id, secret_access_key, endpoint: published, region }: RenderedSecret): S3Client {
    const { endpoint = published } = this.#options;
    const wanted = JSON.stringify([access_key_id, secret_access_key, endpoint, region]);
    if (this.#client !== undefined && this.#madeFor === wanted) return this.#client;
    this.#client?.destroy();
    if (this.used.at(-1) !== access_key_id) this.used.push(access_key_id);
    this.#madeFor = wanted;
    this.#client = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId: access_key_id, secretAccessKey: secret_access_key },
      forcePathStyle: true,
      maxAttempts: 1,
    });
    return this.#client;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

/** An answer of S3 about who is asking; what never got there or failed there has another status, or none. */
function isRefusal(error: unknown): boolean {
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode === 401 || $metadata?.httpStatusCode === 403;
}
