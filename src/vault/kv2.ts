import { z } from 'zod';
import { Secret } from '../policy/secret.ts';
import { isTooDeep } from '../rotation/depth.ts';
import type { SecretData, StoredSecret, WrittenSecret } from '../rotation/ports.ts';
import { nanosecondsOf } from './time.ts';

const NO_TIME = 'is no time';
/** Vault trims what an empty time would say to an empty string. */
const time = z.string().refine((value) => value === '' || nanosecondsOf(value) !== undefined, NO_TIME);

const metadata = z.object({
  version: z.int().positive(),
  created_time: time.refine((value) => value !== '', NO_TIME),
  deletion_time: time,
  destroyed: z.boolean(),
});

type Metadata = z.infer<typeof metadata>;

/**
 * An object exactly as it was parsed: zod's own objects and records copy, and drop a member named `__proto__`, which
 * would then be lost from somebody's secret.
 */
const data = z.custom<SecretData>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !isTooDeep(value),
);

/** 200 of a read. */
export const presentAnswer = z.object({ data: z.object({ data, metadata }) });

/** 404 of a read: nothing was ever there, or the newest version is gone. What fits neither is no answer of KV v2. */
export const missingAnswer = z.union([
  z.object({ data: z.object({ metadata }) }),
  z.strictObject({ errors: z.tuple([]), data: z.undefined().optional() }),
]);

/** 200 of a write. */
export const writtenAnswer = z.object({ data: metadata });

export function presentSecret(answer: z.infer<typeof presentAnswer>, serverTime: number): StoredSecret {
  const { metadata: version, data: fields } = answer.data;
  return {
    state: 'present',
    version: version.version,
    serverTime,
    createdAt: Date.parse(version.created_time),
    data: new Secret(fields),
    ...expiry(version),
  };
}

export function missingSecret(answer: z.infer<typeof missingAnswer>, serverTime: number): StoredSecret {
  if (!answer.data) return { state: 'absent', version: 0, serverTime };
  const version = answer.data.metadata;
  return { state: ranOut(version) ? 'expired' : 'deleted', version: version.version, serverTime };
}

export function writtenSecret(answer: z.infer<typeof writtenAnswer>): WrittenSecret {
  return { version: answer.data.version, ...expiry(answer.data) };
}

function expiry(version: Metadata): { readonly expiresAt?: number } {
  return version.deletion_time === '' ? {} : { expiresAt: Date.parse(version.deletion_time) };
}

/**
 * `delete_version_after` is kept in whole seconds, and Vault adds it to the creation time to the nanosecond; a person's
 * deletion falls on such a distance once in a billion.
 */
function ranOut(version: Metadata): boolean {
  const created = nanosecondsOf(version.created_time);
  const deleted = nanosecondsOf(version.deletion_time);
  if (version.destroyed || created === undefined || deleted === undefined) return false;
  return deleted > created && (deleted - created) % 1_000_000_000n === 0n;
}
