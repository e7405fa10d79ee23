import { HeadBucketCommand, ListBucketsCommand, S3Client, type S3ServiceException } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What the S3 suite needs: a server with at least one bucket, and somebody who makes and removes keys for it. */
export interface S3UnderContract {
  readonly endpoint: string;
  readonly region: string;
  /** A bucket that is there and that every key reaches. */
  readonly bucket: string;
  createKey(): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }>;
  removeKey(accessKeyId: string): Promise<void>;
  close?(): Promise<void>;
}

/** What rekeyd relies on in an S3 server; every server that it is tested with must keep it. */
export function s3Contract(name: string, open: () => Promise<S3UnderContract>): void {
  describe(`S3 contract: ${name}`, () => {
    let s3: S3UnderContract;
    let key: { readonly accessKeyId: string; readonly secretAccessKey: string };

    beforeAll(async () => {
      s3 = await open();
      key = await s3.createKey();
    });
    afterAll(async () => {
      await s3.removeKey(key.accessKeyId);
      await s3.close?.();
    });

    /** A client per credential: one that is shared would sign with another's key. */
    const client = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
      new S3Client({
        endpoint: s3.endpoint,
        region: s3.region,
        credentials,
        forcePathStyle: true,
        maxAttempts: 1,
        requestHandler: new NodeHttpHandler({
          connectionTimeout: 5000,
          requestTimeout: 10_000,
          throwOnRequestTimeout: true,
        }),
      });

    const listWith = (credentials: typeof key) => client(credentials).send(new ListBucketsCommand({}));

    it('lists the buckets for a key that it knows', async () => {
      const listed = await listWith(key);
      expect(listed.Buckets?.map((bucket) => bucket.Name)).toContain(s3.bucket);
    });

    it('answers HeadBucket for a bucket that is there', async () => {
      const head = await client(key).send(new HeadBucketCommand({ Bucket: s3.bucket }));
      expect(head.$metadata.httpStatusCode).toBe(200);
    });

    it('answers HeadBucket with 404 for a bucket that is not there', async () => {
      const failure = await failureOf(client(key).send(new HeadBucketCommand({ Bucket: 'no-such-bucket-here' })));
      expect(failure).toMatchObject({ status: 404, name: 'NotFound' });
    });

    it('refuses a key that it does not know as InvalidAccessKeyId', async () => {
      const failure = await failureOf(listWith({ ...key, accessKeyId: 'AAAAAAAAAAAAAAAAAAAA' }));
      expect(failure).toEqual({ status: 403, name: 'InvalidAccessKeyId' });
    });

    it('refuses a known key with a wrong secret as SignatureDoesNotMatch', async () => {
      const failure = await failureOf(listWith({ ...key, secretAccessKey: 'wrong'.repeat(8) }));
      expect(failure).toEqual({ status: 403, name: 'SignatureDoesNotMatch' });
    });

    it('refuses HEAD with 403 and no body, so that no code says why', async () => {
      const stranger = client({ ...key, accessKeyId: 'AAAAAAAAAAAAAAAAAAAA' });
      const failure = await failureOf(stranger.send(new HeadBucketCommand({ Bucket: s3.bucket })));
      expect(failure?.status).toBe(403);
      expect(failure?.name).not.toBe('InvalidAccessKeyId');
    });

    it('refuses a request without authentication with 403', async () => {
      const response = await fetch(`${s3.endpoint}/`);
      expect(response.status).toBe(403);
      expect(await response.text()).toContain('<Code>AccessDenied</Code>');
    });

    it('takes a key at once when it is created, and refuses it at once when it is removed', async () => {
      const short = await s3.createKey();
      await listWith(short);
      await s3.removeKey(short.accessKeyId);
      expect(await failureOf(listWith(short))).toEqual({ status: 403, name: 'InvalidAccessKeyId' });
    });

    it('keeps a second key working while the first is removed', async () => {
      const [first, second] = [await s3.createKey(), await s3.createKey()];
      await s3.removeKey(first.accessKeyId);
      expect((await listWith(second)).$metadata.httpStatusCode).toBe(200);
      await s3.removeKey(second.accessKeyId);
    });
  });
}

async function failureOf(sent: Promise<unknown>): Promise<{ status: number | undefined; name: string } | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    const { $metadata, name } = error as S3ServiceException;
    return { status: $metadata?.httpStatusCode, name };
  }
}
