import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';

/** What an application does that leaves everything to the SDK: credentials, region and endpoint come from its surroundings. */
const client = new S3Client({ forcePathStyle: true });
const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
const { accessKeyId, expiration } = await client.config.credentials();
process.stdout.write(`${JSON.stringify({ buckets: Buckets.map(({ Name }) => Name), accessKeyId, expiration })}\n`);
