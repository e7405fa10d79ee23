import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { KeyPair } from '../rotation/ports.ts';

const TIMEOUT_MS = 5000;

/** Lists buckets as an application would: with a client that lives as long as its credential. */
export class BucketLister {
  readonly #target: { readonly endpoint: string; readonly region: string };
  #open: { readonly pair: KeyPair; readonly client: S3Client } | undefined;

  constructor(target: { readonly endpoint: string; readonly region: string }) {
    this.#target = target;
  }

  /** What went wrong, as S3's code or the network's; `undefined`: nothing. */
  async list(pair: KeyPair, signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.#clientFor(pair).send(new ListBucketsCommand({}), { abortSignal: signal });
      return undefined;
    } catch (error) {
      const { code, name } = error as { readonly code?: string; readonly name?: string };
      return code ?? name ?? 'unknown';
    }
  }

  close(): void {
    this.#open?.client.destroy();
    this.#open = undefined;
  }

  /** Never one client for two credentials: it would go on signing with the first. */
  #clientFor(pair: KeyPair): S3Client {
    if (this.#open?.pair !== pair) {
      this.close();
      this.#open = { pair, client: this.#connect(pair) };
    }
    return this.#open.client;
  }

  #connect({ accessKeyId, secretAccessKey }: KeyPair): S3Client {
    return new S3Client({
      ...this.#target,
      credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() },
      forcePathStyle: true,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({
        connectionTimeout: TIMEOUT_MS,
        requestTimeout: TIMEOUT_MS,
        throwOnRequestTimeout: true,
      }),
    });
  }
}
