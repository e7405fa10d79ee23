import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';

/** The default names of the fields, as the agent renders them. */
interface RenderedSecret {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly endpoint: string;
  readonly region: string;
}

export interface ConsumerFailure {
  readonly at: string;
  readonly accessKeyId: string;
  readonly why: string;
}

/** An application that lists its buckets all the time with what the file holds at that moment. */
export class S3Consumer {
  readonly name: string;
  requests = 0;
  readonly failures: ConsumerFailure[] = [];
  /** Access key ids in the order in which they were first used. */
  readonly used: string[] = [];
  readonly #file: string;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #client: S3Client | undefined;

  constructor(name: string, file: string) {
    this.name = name;
    this.#file = file;
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#request();
      await sleep(150, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
    this.#client?.destroy();
  }

  async #request(): Promise<void> {
    let accessKeyId = 'none';
    try {
      const secret = JSON.parse(await readFile(this.#file, 'utf8')) as RenderedSecret;
      accessKeyId = secret.access_key_id;
      this.requests += 1;
      await this.#clientFor(secret).send(new ListBucketsCommand({}));
    } catch (error) {
      this.failures.push({ at: new Date().toISOString(), accessKeyId, why: String(error) });
    }
  }

  /** A client of its own for each key: one that has signed with a key goes on doing so. */
  #clientFor({ access_key_id, secret_access_key, endpoint, region }: RenderedSecret): S3Client {
    if (this.#client !== undefined && this.used.at(-1) === access_key_id) return this.#client;
    this.#client?.destroy();
    this.used.push(access_key_id);
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
