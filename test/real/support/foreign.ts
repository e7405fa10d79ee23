import { randomBytes } from 'node:crypto';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { type Bearer, formatMarker } from '../../../src/rotation/marker.ts';
import type { GlesysAccount, MadeCredential } from '../../../src/sandbox/glesys-account.ts';

/** S3 as a test reaches it. */
export interface S3Address {
  readonly s3: string;
  readonly region: string;
}

const YEAR_MS = 365 * 24 * 3_600_000;

/** A marker that is old enough for anything, and nothing that the scenario may touch. */
function markerOf(bearer: Bearer): string {
  const nonce = randomBytes(4).toString('hex');
  return formatMarker({
    ...bearer,
    generation: 3,
    attemptedAt: Math.floor(Date.now() / 1_000) * 1_000 - YEAR_MS,
    nonce,
  });
}

/** Descriptions of everything that is not ours to touch, each in a way of its own. */
export function foreignDescriptions(owner: string, application: string): readonly string[] {
  const place = randomBytes(4).toString('hex');
  return [
    '',
    'billing, made by hand in 2023',
    'rekeyd:not/quite a marker',
    markerOf({ owner: 'somebody-else', application, place }),
    markerOf({ owner, application: 'unknown-to-the-policy', place }),
    markerOf({ owner, application, place }),
  ];
}

/** Puts one credential for each description into the instance. */
export async function plantForeign(
  account: GlesysAccount,
  instance: string,
  descriptions: readonly string[],
): Promise<readonly MadeCredential[]> {
  const planted: MadeCredential[] = [];
  for (const description of descriptions) planted.push(await account.create(instance, description));
  return planted;
}

/** Those of the planted ones that are no longer as they were: gone, renamed, or refused by S3. */
export async function changedOf(
  planted: readonly MadeCredential[],
  account: GlesysAccount,
  instance: string,
  s3: S3Address,
): Promise<readonly MadeCredential[]> {
  const now = new Map(account.credentials(instance).map((credential) => [credential.id, credential]));
  const changed: MadeCredential[] = [];
  for (const one of planted) {
    const seen = now.get(one.id);
    const isSame = seen?.description === one.description && seen.accessKeyId === one.accessKeyId;
    if (!isSame || !(await works(one, s3))) changed.push(one);
  }
  return changed;
}

async function works({ accessKeyId, secretAccessKey }: MadeCredential, { s3, region }: S3Address): Promise<boolean> {
  const client = new S3Client({
    endpoint: s3,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  try {
    await client.send(new ListBucketsCommand({}));
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}
