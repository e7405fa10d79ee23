import { HeadBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import type { KeyPair, S3Target, Verdict } from '../rotation/ports.ts';
import type { Attempt, Timeouts } from '../transport/call.ts';
import { badAnswer, unreachable } from '../transport/judge.ts';
import { showable } from '../transport/scrub.ts';
import { USER_AGENT } from '../version.ts';
import { BoundedHandler } from './bounded-handler.ts';
import { S3 } from './s3-manner.ts';
import { verdictOf } from './s3-verdict.ts';

/** The calls that S3 is asked, each with the SDK and signed by the pair that is tried. Throws `PortError`. */
export class S3Calls {
  readonly #timeouts: Timeouts;
  readonly #handler: BoundedHandler;
  /** Of pairs that are still being tried: making a client costs as much as a call. */
  readonly #clients = new WeakMap<KeyPair, { readonly target: S3Target; readonly client: S3Client }>();

  constructor(timeouts: Timeouts) {
    this.#timeouts = timeouts;
    // Without a bound on sockets the SDK has no occasion to write its warnings to the console.
    const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
    this.#handler = new BoundedHandler({
      connectionTimeout: timeouts.connect,
      requestTimeout: timeouts.answer,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    });
  }

  async listBuckets(pair: KeyPair, target: S3Target): Promise<Verdict> {
    const client = this.#openClient(pair, target);
    const attempted = `list buckets at ${target.endpoint} with ${nameOf(pair)}`;
    const attempt: Attempt = { attempted, secrets: [pair.secretAccessKey] };
    const site = { manner: S3, address: target.endpoint };
    try {
      const answer = await client.send(new ListBucketsCommand({}), this.#deadline());
      // The SDK takes any 200 for an answer, a portal's page as well.
      if (answer.Buckets || answer.Owner) return { accepted: true };
    } catch (error) {
      return verdictOf(error, site, attempt);
    }
    throw badAnswer(site, attempt, 'no list of buckets (200)');
  }

  async headBucket(pair: KeyPair, target: S3Target, bucket: string): Promise<Verdict> {
    const client = this.#openClient(pair, target);
    const attempted = `look at bucket ${bucket} at ${target.endpoint} with ${nameOf(pair)}`;
    const attempt: Attempt = { attempted, secrets: [pair.secretAccessKey] };
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }), this.#deadline());
      return { accepted: true };
    } catch (error) {
      return verdictOf(error, { manner: S3, address: target.endpoint }, attempt, bucket);
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#handler.destroy();
  }

  /** An old record may name a target that the SDK makes nothing of. */
  #openClient(pair: KeyPair, target: S3Target): S3Client {
    const known = this.#clients.get(pair);
    if (known && isSame(known.target, target)) {
      // what the SDK learned of the server's clock: each try is signed by ours
      known.client.config.systemClockOffset = 0;
      return known.client;
    }
    try {
      const client = this.#newClient(pair, target);
      this.#clients.set(pair, { target, client });
      return client;
    } catch (error) {
      const attempted = `reach S3 at ${target.endpoint} in region ${JSON.stringify(target.region)}`;
      throw unreachable({ manner: S3, address: target.endpoint }, { attempted }, error);
    }
  }

  /** One client per credential: a shared one would sign with whichever credential it saw first. */
  #newClient(pair: KeyPair, target: S3Target): S3Client {
    return new S3Client({
      endpoint: target.endpoint,
      region: target.region,
      credentials: { accessKeyId: pair.accessKeyId, secretAccessKey: pair.secretAccessKey.reveal() },
      requestHandler: this.#handler,
      forcePathStyle: true,
      maxAttempts: 1,
      customUserAgent: USER_AGENT,
      // Said here so that no AWS_* variable or ~/.aws/config of the host decides it, nor is looked for at each client.
      defaultsMode: 'legacy',
      retryMode: 'standard',
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      disableS3ExpressSessionAuth: true,
      authSchemePreference: [],
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      sigv4aSigningRegionSet: [target.region],
      useArnRegion: false,
      userAgentAppId: '',
    });
  }

  #deadline(): { readonly abortSignal: AbortSignal } {
    return { abortSignal: AbortSignal.timeout(this.#timeouts.answer) };
  }
}

function isSame(one: S3Target, other: S3Target): boolean {
  return one.endpoint === other.endpoint && one.region === other.region;
}

/** An access key id may come from a secret that anybody may have written. */
function nameOf({ accessKeyId, secretAccessKey }: KeyPair): string {
  return showable(accessKeyId, [secretAccessKey]);
}
