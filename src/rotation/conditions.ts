import type { Problem } from './errors.ts';
import type { StoreStanding } from './ports.ts';

/** What is known right before a write. */
export interface WriteFacts {
  readonly standing: StoreStanding;
  readonly path: string;
  readonly graceMs: number;
  /** How long what is written would stand before the store deletes it by itself; Infinity: for ever. */
  readonly lifetimeMs: number;
}

/** What is known right before an issue. */
export interface IssueFacts extends WriteFacts {
  readonly attemptMs: number;
  /** Why what the instance issues cannot be recognised; `undefined` where nothing speaks against it. */
  readonly distrusted: string | undefined;
  /** A listed credential whose marker is cut or changed; `undefined` where there is none. */
  readonly garbled: string | undefined;
  /** Why the S3 endpoint does not answer; `undefined` where it does. */
  readonly endpointSilent: string | undefined;
  /** Credentials of the instance: what the list shows and what was issued here since. */
  readonly inUse: number;
  readonly quota: number;
  /** Credentials of this application and place that live. */
  readonly live: number;
  /**
   * Whether consumers have no credential to count on: the current one is gone or reported leaked, or there is none. Or a
   * person lifts a refusal, under which nothing that lives too many could have been revoked.
   */
  readonly urgent: boolean;
  /** Strays that a record could enter but has not. */
  readonly waitingStrays: number;
}

/** What must hold before something irreversible. `test` returns the reason where it does not. */
interface Condition<Facts> {
  readonly code: string;
  readonly test: (facts: Facts) => string | undefined;
  readonly remedy: string;
}

const MAX_LIVE = 4;
export const MAX_LIVE_URGENT = 8;
const MAX_WAITING_STRAYS = 2;

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** Looked at before every write. */
export const WRITE_CONDITIONS: readonly Condition<WriteFacts>[] = [
  {
    code: 'namespace-unproven',
    test: ({ standing }) =>
      standing.namespace === 'unproven' ? 'the configured Vault namespace does not show itself' : undefined,
    remedy:
      'Vault Community Edition has no namespaces and would write into root: remove vault.namespace or correct it.',
  },
  {
    code: 'mount-not-kv2',
    test: ({ standing, path }) => mountReason(standing.mount, path),
    remedy: 'vault.mount must name a KV version 2 mount that the token may use (vault secrets list -detailed).',
  },
  {
    code: 'path-not-writable',
    test: ({ standing: { capabilities }, path }) => {
      const missing = ['create', 'update'].filter((right) => !capabilities.has(right));
      const may = missing.length === 0 || capabilities.has('root');
      return may ? undefined : `the Vault token may not ${missing.join(' or ')} ${path}`;
    },
    remedy: 'Give the token the rights of config/vault-policy.hcl on this path.',
  },
  {
    code: 'lifetime-short',
    test: ({ lifetimeMs, graceMs }) =>
      lifetimeMs >= 2 * graceMs
        ? undefined
        : `delete_version_after deletes what is written after ${seconds(lifetimeMs)}, the grace is ${seconds(graceMs)}`,
    remedy: 'Raise or remove delete_version_after of the mount or path, or shorten grace to less than half of it.',
  },
];

/** Looked at before every issue besides: a broken Vault must never fill an instance with keys. */
export const ISSUE_CONDITIONS: readonly Condition<IssueFacts>[] = [
  {
    code: 'token-short-lived',
    test: ({ standing, attemptMs }) =>
      standing.tokenTtlMs >= attemptMs
        ? undefined
        : `the Vault token lives ${seconds(standing.tokenTtlMs)}, an attempt may last ${seconds(attemptMs)}`,
    remedy: 'Raise the TTL of the token or role, or lower verify.timeout.',
  },
  {
    code: 'issuer-distrusted',
    test: ({ distrusted }) => distrusted,
    remedy: 'Ask the issuer what it does to descriptions. A restart of rekeyd tries again.',
  },
  {
    code: 'marker-garbled',
    test: ({ garbled }) => garbled,
    remedy:
      'If somebody described it by hand, describe it otherwise or revoke it (rekeyd revoke ISSUER ACCESS_KEY_ID); if not, ask the issuer what it does to descriptions.',
  },
  {
    code: 'endpoint-silent',
    test: ({ endpointSilent }) => endpointSilent,
    remedy: 'Correct the endpoint of the issuer, or wait until it is back.',
  },
  {
    code: 'quota-full',
    test: ({ inUse, quota }) =>
      inUse < quota ? undefined : `${inUse} of ${quota} credentials of the instance are in use`,
    remedy:
      'Revoke credentials that nobody uses (rekeyd keys ISSUER shows whose they are), or raise limits.credentials if the instance allows more.',
  },
  {
    code: 'too-many-live',
    test: ({ live, urgent }) =>
      live < (urgent ? MAX_LIVE_URGENT : MAX_LIVE) ? undefined : `${live} credentials of this application are alive`,
    remedy:
      'Wait until a grace is over, or shorten one (rekeyd revoke ISSUER ACCESS_KEY_ID); if they stay, see why they are not revoked (rekeyd status).',
  },
  {
    code: 'strays-waiting',
    test: ({ waitingStrays }) =>
      waitingStrays < MAX_WAITING_STRAYS ? undefined : `${waitingStrays} issued credentials were never published`,
    remedy:
      'Find out why publishing fails (rekeyd check). They are taken into the record once old enough, then revoked.',
  },
];

function mountReason(mount: StoreStanding['mount'], path: string): string | undefined {
  const reasons = {
    'kv-v2': undefined,
    'kv-v1': `the mount of ${path} is KV version 1, which keeps no versions`,
    other: `the mount of ${path} is not a KV mount`,
    unknown: `Vault does not show the mount of ${path}: it does not exist or the token may not see it`,
  };
  return reasons[mount];
}

/** The conditions before a write that do not hold. */
export function unmetForWrite(facts: WriteFacts): readonly Problem[] {
  return failing(WRITE_CONDITIONS, facts);
}

/** The conditions before an issue, and the write that follows it, that do not hold. */
export function unmetForIssue(facts: IssueFacts): readonly Problem[] {
  return [...failing(WRITE_CONDITIONS, facts), ...failing(ISSUE_CONDITIONS, facts)];
}

function failing<Facts>(conditions: readonly Condition<Facts>[], facts: Facts): readonly Problem[] {
  return conditions.flatMap(({ code, test, remedy }) => {
    const reason = test(facts);
    return reason === undefined ? [] : [{ code, reason, remedy }];
  });
}

export const CONDITIONS: readonly { readonly code: string }[] = [...WRITE_CONDITIONS, ...ISSUE_CONDITIONS];
