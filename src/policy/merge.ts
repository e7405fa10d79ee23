import { parseDuration } from './duration.ts';
import { DEFAULT_FIELDS } from './fields.ts';
import type { ApplicationPolicy, RotatePolicy, VerifyPolicy } from './policy.ts';
import type { RawApplication, RawDefaults, RawRotate } from './schema-applications.ts';

/** Milliseconds of a duration that the schema has already judged. */
export function msOf(text: string | undefined, fallback: string): number {
  return parseDuration(text ?? fallback) ?? 0;
}

/** An application as its own part of the policy, the file's defaults and the built-in ones make it. */
export type Merge = (name: string, own: RawApplication) => ApplicationPolicy;

/** Parts that are written the same become one object for all applications: a hundred thousand share a few. */
export function merging(defaults: RawDefaults): Merge {
  const rotate = shared((own: RawRotate) => mergeRotate(own, defaults.rotate ?? {}));
  const verify = shared((own: NonNullable<RawDefaults['verify']>) => mergeVerify({ ...defaults.verify, ...own }));
  const consumers = shared(({ refresh }: NonNullable<RawDefaults['consumers']>) => ({
    refreshMs: msOf(refresh ?? defaults.consumers?.refresh, '1h'),
  }));
  return (name, own) => ({
    name,
    issuer: own.issuer,
    path: own.path,
    rotate: rotate(own.rotate),
    graceMs: msOf(own.grace ?? defaults.grace, '24h'),
    verify: verify(own.verify),
    adopt: adoptOf(own.adopt ?? false),
    consumers: consumers(own.consumers),
    fields: own.fields ?? defaults.fields ?? DEFAULT_FIELDS,
  });
}

/** What is made of a part, once for each different one; of none it is what the empty one makes. */
function shared<Raw extends object, Merged>(merge: (own: Raw) => Merged): (own: Raw | undefined) => Merged {
  const inherited = merge({} as Raw);
  const known = new Map<string, Merged>();
  return (own) => {
    if (own === undefined) return inherited;
    const text = JSON.stringify(own);
    const merged = known.get(text) ?? merge(own);
    known.set(text, merged);
    return merged;
  };
}

/** An application that chooses between `every` and `cron` inherits neither; the rest it inherits part by part. */
function mergeRotate(own: RawRotate, defaults: RawRotate): RotatePolicy {
  const chosen = own.every !== undefined || own.cron !== undefined ? own : defaults;
  const window = own.window ?? defaults.window;
  return {
    ...(chosen.cron === undefined ? { everyMs: msOf(chosen.every, '30d') } : { cron: chosen.cron }),
    timezone: own.timezone ?? defaults.timezone ?? 'UTC',
    jitterMs: msOf(own.jitter ?? defaults.jitter, '0s'),
    ...(window !== undefined && { window }),
  };
}

function mergeVerify(raw: NonNullable<RawDefaults['verify']>): VerifyPolicy {
  return { timeoutMs: msOf(raw.timeout, '60s'), successes: raw.successes ?? 2, buckets: raw.buckets ?? [] };
}

function adoptOf(raw: boolean | string): ApplicationPolicy['adopt'] {
  if (typeof raw === 'boolean') return raw;
  const [owner = '', application = ''] = raw.split('/');
  return { owner, application };
}
