import { parseDuration } from './duration.ts';
import { DEFAULT_FIELDS } from './fields.ts';
import type { ApplicationPolicy, RotatePolicy, VerifyPolicy } from './policy.ts';
import type { RawApplication, RawDefaults, RawRotate } from './schema-applications.ts';

/** Milliseconds of a duration that the schema has already judged. */
export function msOf(text: string | undefined, fallback: string): number {
  return parseDuration(text ?? fallback) ?? 0;
}

/** An application as its own part of the policy, the file's defaults and the built-in ones make it. */
export function mergeApplication(name: string, own: RawApplication, defaults: RawDefaults): ApplicationPolicy {
  return {
    name,
    issuer: own.issuer,
    path: own.path,
    rotate: mergeRotate(own.rotate ?? {}, defaults.rotate ?? {}),
    graceMs: msOf(own.grace ?? defaults.grace, '24h'),
    verify: mergeVerify({ ...defaults.verify, ...own.verify }),
    adopt: adoptOf(own.adopt ?? false),
    consumers: { refreshMs: msOf(own.consumers?.refresh ?? defaults.consumers?.refresh, '1h') },
    fields: own.fields ?? defaults.fields ?? DEFAULT_FIELDS,
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
