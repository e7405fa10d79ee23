import type { ApplicationPolicy } from '../../src/policy/policy.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The fields that rekeyd writes where the policy says nothing. */
export const DEFAULT_FIELDS = {
  access_key_id: '{access_key_id}',
  secret_access_key: '{secret_access_key}',
  endpoint: '{endpoint}',
  region: '{region}',
};

/** The application `billing` as the built-in defaults make it, but for what `more` says. */
export function applicationOf(more: Partial<ApplicationPolicy> = {}): ApplicationPolicy {
  const name = more.name ?? 'billing';
  return {
    name,
    issuer: 'sto1',
    path: `apps/${name}`,
    rotate: { everyMs: 30 * DAY, timezone: 'UTC', jitterMs: 0 },
    graceMs: DAY,
    verify: { timeoutMs: 60_000, successes: 2, buckets: [] },
    adopt: false,
    consumers: { refreshMs: HOUR },
    fields: DEFAULT_FIELDS,
    ...more,
  };
}
