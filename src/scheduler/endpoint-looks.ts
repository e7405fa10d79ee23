import type { S3Target, Verifier } from '../rotation/ports.ts';

export interface EndpointLooksOptions {
  /** The endpoints that matter now. */
  readonly targets: () => Iterable<S3Target>;
  readonly reach: Verifier['reach'];
  /** In ms. */
  readonly firstAfterMs?: number;
  /** In ms. */
  readonly everyMs?: number;
}

const FIRST_AFTER_MS = 60_000;
const EVERY_MS = 3_600_000;

/**
 * Reaches each S3 endpoint once an hour, besides what rotations do there: between two of them weeks may pass, in which
 * nobody would see that an endpoint is gone or that its certificate runs out. What it finds, the metrics hear as of any
 * other call; nothing depends on it.
 */
export class EndpointLooks {
  readonly #options: EndpointLooksOptions;
  #timer: NodeJS.Timeout;

  constructor(options: EndpointLooksOptions) {
    this.#options = options;
    this.#timer = this.#in(options.firstAfterMs ?? FIRST_AFTER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #in(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    const { targets, reach, everyMs = EVERY_MS } = this.#options;
    this.#timer = this.#in(everyMs);
    const byEndpoint = new Map([...targets()].map(({ endpoint, region }) => [endpoint, { endpoint, region }]));
    for (const target of byEndpoint.values()) reach(target).catch(() => {});
  }
}
