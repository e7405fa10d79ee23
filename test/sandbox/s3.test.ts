import { HeadBucketCommand, ListBucketsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryKeyRing, type RingKey } from '../../src/sandbox/keyring.ts';
import { type S3StandIn, startS3 } from '../../src/sandbox/s3.ts';
import { cryptoHex } from '../../src/system.ts';
import { SetClock } from './set-clock.ts';

describe('the S3 stand-in', () => {
  let s3: S3StandIn;
  let ring: MemoryKeyRing;
  let clock: SetClock;
  let key: RingKey;

  beforeEach(async () => {
    clock = new SetClock();
    ring = new MemoryKeyRing(clock, cryptoHex);
    s3 = await startS3({ clock, ring });
    key = await ring.create();
  });
  afterEach(() => s3.close());

  const client = (credentials = key) =>
    new S3Client({ endpoint: s3.url, region: 'dc-sto1', credentials, forcePathStyle: true, maxAttempts: 1 });
  const list = (credentials = key) => client(credentials).send(new ListBucketsCommand({}));

  it('computes the same signature as the SDK, queries and awkward characters included', async () => {
    s3.buckets.add('photos');
    const listed = await client().send(new ListObjectsV2Command({ Bucket: 'photos', Prefix: "ä b+c/(d)*'!~" }));
    expect(listed.KeyCount).toBe(0);
    expect((await client().send(new ListBucketsCommand({ MaxBuckets: 5, Prefix: 'p h' }))).Buckets).toHaveLength(3);
  });

  it('lists the buckets that it is given', async () => {
    s3.buckets.clear();
    s3.buckets.add('only');
    expect((await list()).Buckets?.map((bucket) => bucket.Name)).toEqual(['only']);
  });

  it('refuses a request that was changed after it was signed', async () => {
    const sent = client();
    sent.middlewareStack.add(
      (next) => (args) => {
        (args.request as { path: string }).path = '/backups';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
    );
    await expect(sent.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
  });

  it.each([-16, 16])('refuses a request that is %i minutes off as RequestTimeTooSkewed', async (minutes) => {
    clock.advance(minutes * 60_000);
    await expect(list()).rejects.toMatchObject({ name: 'RequestTimeTooSkewed', $metadata: { httpStatusCode: 403 } });
  });

  it('takes a request that is 14 minutes off', async () => {
    clock.advance(14 * 60_000);
    expect((await list()).$metadata.httpStatusCode).toBe(200);
  });

  it('does not know a key before it works', async () => {
    ring.worksAfterMs = 10_000;
    const slow = await ring.create();
    await expect(list(slow)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
    clock.advance(10_000);
    expect((await list(slow)).$metadata.httpStatusCode).toBe(200);
  });

  it('never knows a key that never works', async () => {
    ring.worksAfterMs = Number.POSITIVE_INFINITY;
    const never = await ring.create();
    clock.advance(60_000);
    await expect(list(never)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  });

  it('answers an error with its code, a message and the id of the request', async () => {
    const response = await fetch(`${s3.url}/`);
    expect(response.headers.get('content-type')).toBe('application/xml');
    expect(await response.text()).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>AccessDenied<\/Code><Message>[^<]+<\/Message><RequestId>[0-9A-F]{16}<\/RequestId><\/Error>$/,
    );
  });

  it('answers an error to HEAD without a body', async () => {
    const response = await fetch(`${s3.url}/invoices`, { method: 'HEAD' });
    expect(response.status).toBe(403);
    expect(await response.text()).toBe('');
  });

  it('refuses a header that is no signature', async () => {
    const response = await fetch(`${s3.url}/`, { headers: { authorization: 'AWS4-HMAC-SHA256 nonsense' } });
    expect(response.status).toBe(400);
  });

  it('says NoSuchBucket of a bucket that is not there', async () => {
    await expect(client().send(new ListObjectsV2Command({ Bucket: 'nowhere' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  it('counts requests and refusals', async () => {
    await list();
    await client().send(new HeadBucketCommand({ Bucket: 'invoices' }));
    await list({ ...key, accessKeyId: 'UNKNOWN' }).catch(() => undefined);
    expect(s3.counts()).toEqual({ requests: 3, refusals: 1 });
  });
});
