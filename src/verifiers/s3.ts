import type { KeyPair, S3Target, Verdict, Verifier } from '../rotation/ports.ts';
import type { Timeouts } from '../transport/call.ts';
import { Server } from '../transport/server.ts';
import { type Traffic, timed } from '../transport/traffic.ts';
import type { S3Calls } from './s3-calls.ts';
import { S3 } from './s3-manner.ts';

/** Short: whoever verifies tries again until the application's own time-out. */
const TIMEOUTS: Timeouts = { connect: 5_000, answer: 15_000 };

export interface S3VerifierDeps {
  readonly timeouts?: Timeouts;
  /** Who hears of the calls to an endpoint, if anybody. */
  readonly trafficOf?: (endpoint: string) => Traffic | undefined;
}

/** A verifier with connections of its own. */
export interface OpenVerifier extends Verifier {
  close(): Promise<void>;
}

export function openS3Verifier(deps: S3VerifierDeps = {}): OpenVerifier {
  return new S3Verifier(deps);
}

class S3Verifier implements OpenVerifier {
  readonly #timeouts: Timeouts;
  readonly #trafficOf: NonNullable<S3VerifierDeps['trafficOf']> | undefined;
  readonly #servers = new Map<string, Server>();
  #loading: Promise<S3Calls> | undefined;

  constructor({ timeouts = TIMEOUTS, trafficOf }: S3VerifierDeps) {
    this.#timeouts = timeouts;
    this.#trafficOf = trafficOf;
  }

  async probe(pair: KeyPair, target: S3Target, buckets: readonly string[]): Promise<Verdict> {
    const calls = await this.#calls();
    const listed = await this.#timed(target, () => calls.listBuckets(pair, target));
    if (!listed.accepted) return listed;
    for (const bucket of buckets) {
      const seen = await this.#timed(target, () => calls.headBucket(pair, target, bucket));
      if (!seen.accepted) return seen;
    }
    return listed;
  }

  async reach(target: S3Target): Promise<void> {
    // what cannot be loaded shows here, before anything is issued that would have to be verified
    await this.#calls();
    const server = this.#servers.get(target.endpoint) ?? this.#serverOf(target);
    this.#servers.set(target.endpoint, server);
    const attempted = `reach S3 at ${target.endpoint}`;
    await server.send({ attempted, method: 'GET', path: '/', alsoFine: (status) => status < 500 });
  }

  async close(): Promise<void> {
    (await this.#loading?.catch(() => undefined))?.close();
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
  }

  /** The SDK takes a fifth of a start's time, and nothing needs it before the first look at an endpoint. */
  #calls(): Promise<S3Calls> {
    this.#loading ??= import('./s3-calls.ts')
      .then(({ S3Calls }) => new S3Calls(this.#timeouts))
      .catch((error: unknown) => {
        // too many open files, say: the next look tries again
        this.#loading = undefined;
        throw error;
      });
    return this.#loading;
  }

  #serverOf({ endpoint }: S3Target): Server {
    const traffic = this.#trafficOf?.(endpoint);
    return new Server({ base: endpoint, manner: S3, timeouts: this.#timeouts, ...(traffic && { traffic }) });
  }

  #timed({ endpoint }: S3Target, call: () => Promise<Verdict>): Promise<Verdict> {
    return timed(this.#trafficOf?.(endpoint), call, ({ accepted }) => (accepted ? 'ok' : 'rejected'));
  }
}
