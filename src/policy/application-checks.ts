import { formatDuration } from './duration.ts';
import type { ApplicationPolicy, PolicyWarning, RotatePolicy } from './policy.ts';
import { hasDateSoon, periodMs, scheduleText } from './schedule.ts';

/** Something about a merged application: what is wrong, and the keys (the likeliest first) that it may be about. */
export interface Finding {
  readonly keys: readonly (readonly string[])[];
  readonly message: string;
}

/** What the coming dates of a schedule look like. */
export interface Outlook {
  /** The shortest time between two rotations. */
  readonly periodMs: number;
  readonly findings: readonly Finding[];
}

const LONGEST_VERIFY_MS = 3_600_000;

const CRON = [['rotate', 'cron']];
const PERIOD = [
  ['rotate', 'every'],
  ['rotate', 'cron'],
];

/** Looks ahead from `now`, once per distinct schedule: thousands of applications share a few. */
export function outlooks(now: number): (application: ApplicationPolicy) => Outlook {
  const known = new Map<string, Outlook>();
  const byObject = new Map<RotatePolicy, Outlook>();
  return ({ rotate }) => {
    const seen = byObject.get(rotate);
    if (seen) return seen;
    const text = scheduleText(rotate);
    const outlook = known.get(text) ?? lookAhead(rotate, now);
    known.set(text, outlook);
    byObject.set(rotate, outlook);
    return outlook;
  };
}

function lookAhead(rotate: ApplicationPolicy['rotate'], now: number): Outlook {
  const findings: Finding[] = [];
  const dateless = 'has no date in the next 400 days';
  const hasCron = rotate.cron === undefined || hasDateSoon(rotate.cron, rotate.timezone, now);
  if (!hasCron) findings.push({ keys: CRON, message: dateless });
  if (rotate.window !== undefined && !hasDateSoon(rotate.window, rotate.timezone, now)) {
    findings.push({ keys: [['rotate', 'window']], message: `${dateless}, so that no rotation could ever start` });
  }
  return { periodMs: hasCron ? periodMs(rotate, now) : Number.POSITIVE_INFINITY, findings };
}

/** All that is wrong with an application taken by itself, once it is merged. */
export function applicationFindings(application: ApplicationPolicy, outlook: Outlook): Finding[] {
  return [
    ...outlook.findings,
    ...graceFindings(application, outlook),
    ...jitterFindings(application, outlook),
    ...verifyFindings(application),
  ];
}

function graceFindings({ graceMs }: ApplicationPolicy, { periodMs }: Outlook): Finding[] {
  if (graceMs < periodMs) return [];
  const message = `the grace of ${formatDuration(graceMs)} must be shorter than the period of ${formatDuration(periodMs)}`;
  return [{ keys: [['grace'], ...PERIOD], message }];
}

function jitterFindings({ rotate }: ApplicationPolicy, { periodMs }: Outlook): Finding[] {
  if (rotate.jitterMs <= periodMs) return [];
  const message = `the jitter of ${formatDuration(rotate.jitterMs)} must not be longer than the period of ${formatDuration(periodMs)}`;
  return [{ keys: [['rotate', 'jitter'], ...PERIOD], message }];
}

function verifyFindings({ verify }: ApplicationPolicy): Finding[] {
  if (verify.timeoutMs <= LONGEST_VERIFY_MS) return [];
  return [{ keys: [['verify', 'timeout']], message: 'must be at most 1h: a key that takes longer will never work' }];
}

/** What is allowed in an application but asks for trouble; `mount` is the one that its path is below. */
export function applicationWarnings(application: ApplicationPolicy, mount: string): PolicyWarning[] {
  return [...pathWarnings(application, mount), ...graceWarnings(application)];
}

/** A path that was copied from an address or from the command line of Vault. */
function pathWarnings({ name, path = '' }: ApplicationPolicy, mount: string): PolicyWarning[] {
  const start = [`${mount}/`, 'data/'].find((prefix) => path.startsWith(prefix));
  if (start === undefined) return [];
  const message = `applications.${name}.path: ${JSON.stringify(path)} begins with ${JSON.stringify(start)}; write it as it stands below the mount ${JSON.stringify(mount)}, without the mount's name and without data/.`;
  return [{ code: 'path-looks-like-url', application: name, message }];
}

function graceWarnings({ name, graceMs, consumers }: ApplicationPolicy): PolicyWarning[] {
  if (graceMs >= 2 * consumers.refreshMs) return [];
  const message = `applications.${name}: the grace of ${formatDuration(graceMs)} is shorter than twice the time that consumers may keep a secret (consumers.refresh, ${formatDuration(consumers.refreshMs)}); one that reads late will use a revoked key. Make the grace at least ${formatDuration(2 * consumers.refreshMs)}, or say how soon the consumers read anew.`;
  return [{ code: 'grace-short', application: name, message }];
}
