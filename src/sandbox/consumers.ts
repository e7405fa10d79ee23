import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../rotation/ports.ts';
import { BucketLister } from './bucket-lister.ts';
import { type AppRoleIds, type ConsumedApplication, SecretReader, type VaultMount } from './secret-reader.ts';

export type { ConsumedApplication };

export interface ConsumersOptions {
  readonly applications: readonly ConsumedApplication[];
  readonly vault: VaultMount;
  readonly login: AppRoleIds;
  readonly s3: { readonly endpoint: string; readonly region: string };
  readonly clock: Clock;
}

export interface ConsumerCounts {
  readonly requests: number;
  /** Requests that S3 refused or did not answer. */
  readonly failures: number;
  /** Unix ms; S3's code or the network's. */
  readonly lastFailure?: { readonly application: string; readonly at: number; readonly code: string };
}

export interface Consumers {
  counts(): ConsumerCounts;
  /** Ends all of them; what is under way is not counted any more. */
  stop(): Promise<void>;
}

const PAUSE_MS = 200;

/**
 * One simulated consumer per application: it reads its secret from Vault, keeps it for its time as real ones do, and
 * lists buckets about five times a second. Until its first secret is there it waits and counts nothing; when Vault
 * fails later it goes on with what it has.
 */
export function startConsumers(options: ConsumersOptions): Consumers {
  const stopping = new AbortController();
  const tally = new Tally(options.clock);
  const loops = options.applications.map((application) => consume(application, options, tally, stopping.signal));
  return {
    counts: () => tally.counts(),
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

class Tally {
  readonly #clock: Clock;
  #requests = 0;
  #failures = 0;
  #last: ConsumerCounts['lastFailure'];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(application: string, failure: string | undefined): void {
    this.#requests += 1;
    if (failure === undefined) return;
    this.#failures += 1;
    this.#last = { application, at: this.#clock.now(), code: failure };
  }

  counts(): ConsumerCounts {
    return { requests: this.#requests, failures: this.#failures, ...(this.#last && { lastFailure: this.#last }) };
  }
}

async function consume(
  application: ConsumedApplication,
  options: ConsumersOptions,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const reader = new SecretReader(options.vault, options.login, application, options.clock);
  const lister = new BucketLister(options.s3);
  while (!signal.aborted) {
    const pair = await reader.current(signal);
    if (pair !== undefined && !signal.aborted) {
      const failure = await lister.list(pair, signal);
      if (!signal.aborted) tally.add(application.name, failure);
    }
    // The pace is real time, whatever the injected clock says; stopping ends it.
    await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  lister.close();
}
