import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';

/**
 * An application that uses what Vault Agent rendered: it reads the file, lists the buckets, and does so over and over.
 * Every two seconds it says how often it was served and refused, and with how many keys so far.
 */
const [file = '/run/consumer/env'] = process.argv.slice(2);
const counts = { requests: 0, refusals: 0, unanswered: 0 };
const keys = new Set();

const say = (line) => process.stdout.write(`${line}\n`);

function rendered() {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function use(env) {
  const client = new S3Client({
    endpoint: env.AWS_ENDPOINT_URL_S3,
    region: env.AWS_REGION,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  });
  counts.requests += 1;
  try {
    await client.send(new ListBucketsCommand({}));
    keys.add(env.AWS_ACCESS_KEY_ID);
  } catch (error) {
    // what S3 did not answer, on a machine that is too busy, says nothing of the key
    const isAnswer = error.$metadata?.httpStatusCode !== undefined;
    counts[isAnswer ? 'refusals' : 'unanswered'] += 1;
    say(`${isAnswer ? 'refused' : 'not answered'} with ${env.AWS_ACCESS_KEY_ID}: ${error.name}`);
  } finally {
    client.destroy();
  }
}

const count = () => {
  const { requests, refusals, unanswered } = counts;
  say(`requests ${requests} refusals ${refusals} keys ${keys.size} unanswered ${unanswered}`);
};
setInterval(count, 2_000).unref();
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (isStopped = true));
while (!isStopped) {
  const env = rendered();
  if (env) await use(env);
  await sleep(100);
}
count();
