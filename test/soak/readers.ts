import { type PathOf, pathOf } from '../real/support/record.ts';
import type { S3Consumer } from '../real/support/s3-consumer.ts';
import { poll } from '../support/poll.ts';

/** Whoever reads Vault itself for an application: where, and who is told to wait with that. */
export class Readers {
  /** Applications that nobody uses but their readers: an agent can neither be told to wait nor sent elsewhere. */
  readonly applications: readonly string[];
  readonly #consumers = new Map<string, S3Consumer>();
  readonly #moved = new Map<string, string>();
  readonly #waiting = new Set<string>();

  constructor(applications: readonly string[]) {
    this.applications = applications;
  }

  /** Where an application's secret is, for the policy and everybody. */
  readonly path: PathOf = (application) => this.#moved.get(application) ?? pathOf(application);

  /** `make`: given where to ask for Vault, which throws while its reader is told to wait. */
  add(application: string, vault: () => string, make: (address: () => string) => S3Consumer): S3Consumer {
    const consumer = make(() => {
      if (this.#waiting.has(application)) throw new Error('somebody is at the secret');
      return vault();
    });
    this.#consumers.set(application, consumer);
    return consumer;
  }

  /** The application's reader goes on with what it has until `act` is over, and then reads what stands there. */
  async waitFor(application: string, act: () => Promise<void>): Promise<void> {
    this.#waiting.add(application);
    await act();
    this.#waiting.delete(application);
  }

  move(application: string, path: string): void {
    this.#moved.set(application, path);
  }

  /** Waits until the reader has asked S3 with this key. */
  async untilUsed(application: string, accessKeyId: string, timeoutMs: number): Promise<void> {
    await poll(`the reader of ${application} to use ${accessKeyId}`, timeoutMs, async () =>
      this.#consumers.get(application)?.used.includes(accessKeyId) ? true : undefined,
    );
  }
}
