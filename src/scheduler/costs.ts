import type { ApplicationPolicy, IssuerPolicy, Policy } from '../policy/policy.ts';
import type { Coming } from './forecast.ts';
import { RESYNC_CHUNK } from './resync.ts';
import { RESYNC_READS_PER_SECOND } from './scheduler.ts';

/** Calls to servers. Vault's are HTTP requests, its logins aside; a try at S3 is one request. */
export interface Calls {
  readonly lists: number;
  readonly issues: number;
  readonly revokes: number;
  readonly vaultReads: number;
  readonly vaultWrites: number;
  readonly s3Tries: number;
}

export const NO_CALLS: Calls = { lists: 0, issues: 0, revokes: 0, vaultReads: 0, vaultWrites: 0, s3Tries: 0 };

/** Right before acting: which cluster it is, and the record. */
const READ_ANEW = 2;
/** Before an issue: the token's rights at the path, and how long the path keeps a version. */
const PATH_STANDING = 2;
/** The same of the mount, which then holds for a minute; one more where the policy has a namespace. */
const MOUNT_STANDING = 2;
const MOUNT_STANDING_MS = 60_000;
/** Which cluster it is, for looks: known for so long. */
const CLUSTER_MS = 300_000;

/** One rotation: issue, verify, publish, read back, and the mirror for people; a list that is still valid serves it. */
export function rotationCalls({ verify }: Pick<ApplicationPolicy, 'verify'>): Calls {
  const perProbe = 1 + verify.buckets.length;
  return {
    ...NO_CALLS,
    issues: 1,
    vaultReads: READ_ANEW + PATH_STANDING + 1,
    vaultWrites: 2,
    s3Tries: 1 + verify.successes * perProbe,
  };
}

/** One revocation: the record is read for the pass and again right before the call. */
export const REVOCATION_CALLS: Calls = { ...NO_CALLS, revokes: 1, vaultReads: 2 * READ_ANEW };

/** One look at so many applications of one instance. */
export function lookCalls(applications: number): Calls {
  return { ...NO_CALLS, lists: 1, vaultReads: applications };
}

/** The look at the mount that the first rotation in a minute needs besides. */
export function mountCalls({ namespace }: Pick<Policy['vault'], 'namespace'>): Calls {
  return { ...NO_CALLS, vaultReads: MOUNT_STANDING + (namespace === undefined ? 0 : 1) };
}

export function sumOf(calls: readonly Calls[]): Calls {
  return calls.reduce(
    (sum, one) => ({
      lists: sum.lists + one.lists,
      issues: sum.issues + one.issues,
      revokes: sum.revokes + one.revokes,
      vaultReads: sum.vaultReads + one.vaultReads,
      vaultWrites: sum.vaultWrites + one.vaultWrites,
      s3Tries: sum.s3Tries + one.s3Tries,
    }),
    NO_CALLS,
  );
}

export function times(calls: Calls, factor: number): Calls {
  return {
    lists: calls.lists * factor,
    issues: calls.issues * factor,
    revokes: calls.revokes * factor,
    vaultReads: calls.vaultReads * factor,
    vaultWrites: calls.vaultWrites * factor,
    s3Tries: calls.s3Tries * factor,
  };
}

/** What one issuer is asked by one daemon in a time, and how hard. Rates are calls a second. */
export interface IssuerBill {
  readonly issuer: IssuerPolicy;
  readonly calls: Calls;
  readonly average: number;
  /** Of the hour with the most calls; undefined where nothing is issued or revoked. */
  readonly busiestHour: { readonly at: number; readonly rate: number } | undefined;
  /** The minute with the most issues and revocations, and how long (ms) the limit lets them take. */
  readonly busiestMinute: { readonly at: number; readonly calls: number; readonly takesMs: number } | undefined;
}

export interface Bill {
  readonly issuers: readonly IssuerBill[];
  readonly all: Calls;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

type Steps = Pick<Policy, 'applications' | 'issuers' | 'scheduler' | 'vault'>;

/**
 * What it takes one daemon to do these steps within `ms`, and to look at everything all the while. `among`: the
 * applications that count. Calls that fail and are made again are not in it.
 */
export function billFor(policy: Steps, coming: readonly Coming[], among: readonly string[], ms: number): Bill {
  const issuers = [...policy.issuers.values()].map((issuer) => issuerBill(policy, issuer, coming, among, ms));
  const minutes = new Set(
    coming.filter(({ does }) => does === 'issue').map(({ at }) => Math.floor(at / MOUNT_STANDING_MS)),
  );
  const besides = [
    times(mountCalls(policy.vault), minutes.size),
    { ...NO_CALLS, vaultReads: among.length > 0 ? Math.ceil(ms / CLUSTER_MS) : 0 },
  ];
  return { issuers, all: sumOf([...issuers.map(({ calls }) => calls), ...besides]) };
}

function issuerBill(
  policy: Steps,
  issuer: IssuerPolicy,
  coming: readonly Coming[],
  among: readonly string[],
  ms: number,
): IssuerBill {
  const own = new Set(among.filter((name) => policy.applications.get(name)?.issuer === issuer.name));
  const steps = coming.filter(({ application }) => own.has(application));
  const looks = resyncCalls(own.size, policy, ms);
  const calls = sumOf([looks, ...steps.map((step) => stepCalls(step, policy))]);
  return { issuer, calls, average: (issuerCalls(calls) * 1_000) / ms, ...peaks(steps, issuer, looks.lists / ms) };
}

function stepCalls({ application, does }: Coming, { applications }: Steps): Calls {
  const policy = applications.get(application);
  return does === 'issue' && policy ? rotationCalls(policy) : REVOCATION_CALLS;
}

/** Rounds take as long as the resync wants, or as the pace of reading lets them. One list serves a chunk. */
function resyncCalls(count: number, { applications, scheduler }: Steps, ms: number): Calls {
  if (count === 0) return NO_CALLS;
  const roundMs = Math.max(scheduler.resyncMs, (applications.size / RESYNC_READS_PER_SECOND) * 1_000);
  const chunks = Math.ceil(count / RESYNC_CHUNK);
  return times({ ...lookCalls(count), lists: chunks }, Math.max(1, Math.floor(ms / roundMs)));
}

export function issuerCalls({ lists, issues, revokes }: Calls): number {
  return lists + issues + revokes;
}

function peaks(
  steps: readonly Coming[],
  { limits }: IssuerPolicy,
  listsPerMs: number,
): Pick<IssuerBill, 'busiestHour' | 'busiestMinute'> {
  const hour = busiest(steps, HOUR_MS);
  const minute = busiest(steps, MINUTE_MS);
  return {
    busiestHour: hour && { at: hour.at, rate: hour.count / (HOUR_MS / 1_000) + listsPerMs * 1_000 },
    busiestMinute: minute && { at: minute.at, calls: minute.count, takesMs: (minute.count * 1_000) / limits.perSecond },
  };
}

function busiest(steps: readonly Coming[], ms: number): { readonly at: number; readonly count: number } | undefined {
  const groups = Map.groupBy(steps, ({ at }) => Math.floor(at / ms) * ms);
  let most: { readonly at: number; readonly count: number } | undefined;
  for (const [at, { length: count }] of groups) if (!most || count > most.count) most = { at, count };
  return most;
}
