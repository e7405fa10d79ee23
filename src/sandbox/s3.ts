import type { Clock, RandomHex } from '../rotation/ports.ts';
import { cryptoHex, systemClock } from '../system.ts';
import { type KeyRing, MemoryKeyRing } from './keyring.ts';
import { type Answer, type Asked, type StandIn, type StandInAddress, serve } from './server.ts';
import { bodyHashHolds, readAuthorization, type Signed, signatureOf, signedAt } from './sigv4.ts';

export interface S3Options {
  /** A free port of 127.0.0.1 when missing. */
  readonly address?: StandInAddress;
  readonly clock?: Clock;
  readonly random?: RandomHex;
  /** The keys it knows; none when missing. */
  readonly ring?: KeyRing;
}

export interface S3StandIn extends StandIn {
  /** Every key reaches every bucket. */
  readonly buckets: Set<string>;
  /** The access key ids of all requests that were served. */
  readonly seen: ReadonlySet<string>;
  /** Requests answered since the start, and how many of them were refused for their key, signature or clock. */
  counts(): { readonly requests: number; readonly refusals: number };
}

const MAX_SKEW_MS = 15 * 60_000;

/** A refusal for who is asking, as S3 words it: code → status and message. */
const REFUSALS = {
  AccessDenied: [403, 'Access Denied.'],
  AuthorizationHeaderMalformed: [400, 'The authorization header that you provided is not valid.'],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  XAmzContentSHA256Mismatch: [400, 'The provided x-amz-content-sha256 header does not match what was computed.'],
} as const;

/** An S3 that knows who may ask and lists buckets: every signature is computed anew and compared. */
export async function startS3(options: S3Options = {}): Promise<S3StandIn> {
  const { clock = systemClock, random = cryptoHex } = options;
  const ring = options.ring ?? new MemoryKeyRing(clock, random);
  const buckets = new Set(['backups', 'invoices']);
  const counts = { requests: 0, refusals: 0 };
  const seen = new Set<string>();
  const standIn = await serve({
    address: options.address ?? { host: '127.0.0.1', port: 0 },
    clock,
    wordError: (status) => xmlError(status, 'InternalError', 'We encountered an internal error.', random),
    answer: async (asked) => {
      counts.requests += 1;
      const refused = await refuse(asked, ring, clock);
      if (refused === undefined) {
        seen.add(readAuthorization(asked.headers.authorization)?.accessKeyId ?? '');
        return answer(asked, buckets, random);
      }
      counts.refusals += 1;
      return xmlError(REFUSALS[refused][0], refused, REFUSALS[refused][1], random);
    },
  });
  return { ...standIn, buckets, seen, counts: () => ({ ...counts }) };
}

/** Why this request is not to be served; `undefined`: it is. */
async function refuse(asked: Asked, ring: KeyRing, clock: Clock): Promise<keyof typeof REFUSALS | undefined> {
  if (asked.headers.authorization === undefined) return 'AccessDenied';
  const signed = readAuthorization(asked.headers.authorization);
  if (signed === undefined || !isWhole(signed)) return 'AuthorizationHeaderMalformed';
  const secret = await ring.secretOf(signed.accessKeyId);
  if (secret === undefined) return 'InvalidAccessKeyId';
  // Written so that an unreadable date (NaN) is refused too.
  if (!(Math.abs(signedAt(asked) - clock.now()) <= MAX_SKEW_MS)) return 'RequestTimeTooSkewed';
  if (signatureOf(asked, signed, secret) !== signed.signature) return 'SignatureDoesNotMatch';
  return bodyHashHolds(asked) ? undefined : 'XAmzContentSHA256Mismatch';
}

/** Host and time must be signed, or a signature could be used anywhere and for ever. */
function isWhole(signed: Signed): boolean {
  return (
    signed.service === 's3' && signed.signedHeaders.includes('host') && signed.signedHeaders.includes('x-amz-date')
  );
}

function answer(asked: Asked, buckets: ReadonlySet<string>, random: RandomHex): Answer {
  const [bucket = '', key] = asked.path.slice(1).split('/');
  const reads = asked.method === 'GET' || asked.method === 'HEAD';
  if (!reads || key) return xmlError(501, 'NotImplemented', 'The stand-in lists buckets only.', random);
  if (bucket === '') return xml(200, listBuckets(buckets), random);
  if (!buckets.has(bucket)) return xmlError(404, 'NoSuchBucket', 'The specified bucket does not exist.', random);
  return xml(200, `<ListBucketResult><Name>${bucket}</Name><KeyCount>0</KeyCount></ListBucketResult>`, random);
}

function listBuckets(buckets: ReadonlySet<string>): string {
  const created = '2026-01-01T00:00:00.000Z';
  const entries = [...buckets].map(
    (name) => `<Bucket><Name>${name}</Name><CreationDate>${created}</CreationDate></Bucket>`,
  );
  return `<ListAllMyBucketsResult><Owner><ID>sandbox</ID></Owner><Buckets>${entries.join('')}</Buckets></ListAllMyBucketsResult>`;
}

function xmlError(status: number, code: string, message: string, random: RandomHex): Answer {
  const id = random(8).toUpperCase();
  const body = `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>${id}</RequestId></Error>`;
  return xml(status, body, () => id);
}

function xml(status: number, body: string, random: RandomHex): Answer {
  const headers = { 'content-type': 'application/xml', 'x-amz-request-id': random(8).toUpperCase() };
  return { status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}
