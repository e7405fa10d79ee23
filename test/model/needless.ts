import { windowOpen } from '../../src/policy/schedule.ts';
import { parseMarker } from '../../src/rotation/marker.ts';
import type { RotationRecord } from '../../src/rotation/record.ts';
import type { Call } from './calls.ts';
import {
  type Caller,
  CLOCKS_APART_MS,
  dueAt,
  isCallers,
  isHeld,
  type Key,
  type Outside,
  placeOf,
  recordAt,
  wornAt,
} from './outside.ts';

/**
 * **N**, of what is done too early, in the wrong order or twice: consumers are restarted for nothing, an attempt that is
 * under way is fenced, or a fence has to wait.
 */

/** An attempt lasts so long at least, whatever its verification takes. */
const ATTEMPT_MS = 120_000;
/** What was so for so long, every replica has seen: no look and no list is older. */
const LONG_MS = 1_800_000;

type Revoke = Extract<Call, { op: 'revoke' }>;
type Issue = Extract<Call, { op: 'issue' }>;

/** A write of rekeyd at a path that has a record. */
interface Rewriting {
  readonly before: Outside;
  readonly after: Outside;
  readonly path: string;
  readonly by: Caller;
}

interface Records {
  readonly was: RotationRecord;
  readonly is: RotationRecord;
}

/**
 * What is scheduled starts within its window; what is missing, gone or asked for is not held back by it. Of a version
 * that somebody has written over since, its credential may be gone by now.
 */
export function brokenByShut(outside: Outside, { description }: Issue, by: Caller): string | undefined {
  const { application = '' } = parseMarker(description) ?? {};
  const rotate = by.windows?.[application];
  const path = by.paths[application] ?? '';
  const isLive = by.seen?.[path] === outside.secrets[path]?.version && (wornAt(outside, path)?.live ?? false);
  if (!rotate || by.asked || !isLive || windowOpen(rotate, outside.now)) return undefined;
  return `N ${application} was issued another credential outside of its window`;
}

/** Whoever's clock is wrong cannot know whether a grace is over. */
export function brokenByClocks({ id }: Revoke, by: Caller): string | undefined {
  return clocksDisagree(by) ? `N ${id} was revoked although the clocks disagree` : undefined;
}

function clocksDisagree({ aheadMs = 0 }: Caller): boolean {
  return Math.abs(aheadMs) > CLOCKS_APART_MS;
}

/** The fence needs Vault alone, and must not wait for an issuer that takes its time. */
export function brokenByUnfenced(outside: Outside, { id }: Revoke, by: Caller): string | undefined {
  const { began } = by;
  if (began === undefined) return undefined;
  for (const path of Object.values(by.paths)) {
    const record = recordAt(outside, path);
    if (!record?.superseded.some((entry) => entry.id === id)) continue;
    const strays = strayAttempts(outside, path, by, record);
    // from beyond a backup: only a person enters those
    if (strays.some(({ generation }) => generation > record.generation + 1)) continue;
    if (strays.some(({ at }) => at + LONG_MS < began)) return `N ${id} was revoked before a stray was fenced`;
  }
  return undefined;
}

function strayAttempts(outside: Outside, path: string, by: Caller, record: RotationRecord) {
  return outside.keys.flatMap((key) => {
    const marker = parseMarker(key.description);
    if (!key.live || !marker || marker.place !== placeOf(path) || !isCallers(key, by)) return [];
    return isNamed(key, record) ? [] : [{ key, at: key.madeAt ?? marker.attemptedAt, generation: marker.generation }];
  });
}

function isNamed({ id }: Key, { credential, superseded }: RotationRecord): boolean {
  return credential?.id === id || superseded.some((entry) => entry.id === id);
}

/** What a write did that it should have left, or left that it should have done. */
export function brokenByAnyway(rewriting: Rewriting): string | undefined {
  const { before, after, path } = rewriting;
  const [was, is] = [recordAt(before, path), recordAt(after, path)];
  if (is && !was) return brokenByLeaving(rewriting, is);
  if (!was || !is || was.credential?.id !== is.credential?.id) return undefined;
  return brokenByEarlyFence(rewriting, { was, is }) ?? brokenByRewriting(rewriting, { was, is });
}

/** The first record of a path has every stray that led to it. */
function brokenByLeaving({ after, path, by }: Rewriting, record: RotationRecord): string | undefined {
  const marker = parseMarker(wornAt(after, path)?.description ?? '');
  if (!marker) return undefined;
  const left = strayAttempts(after, path, by, record).find(({ at }) => at + LONG_MS < marker.attemptedAt);
  return left && `I4 ${left.key.accessKeyId} lives and is left out of the first record of ${path}`;
}

/** An attempt that may be under way is left to itself, unless a person said otherwise. */
function brokenByEarlyFence({ before, by }: Rewriting, { was, is }: Records): string | undefined {
  if (by.word) return undefined;
  const entered = is.superseded.filter(
    ({ id, why }) => why === 'stray' && !was.superseded.some((one) => one.id === id),
  );
  const early = entered.find(({ id }) => isUnderWay(before, id));
  return early && `N ${early.access_key_id} was fenced while its attempt may be under way`;
}

function isUnderWay({ keys, now }: Outside, id: string): boolean {
  const marker = parseMarker(keys.find((key) => key.id === id)?.description ?? '');
  return marker !== undefined && marker.attemptedAt <= now && now < marker.attemptedAt + ATTEMPT_MS;
}

/** The same credential under another mapping or schedule: once, by whoever knows best, and not where it is to go anyway. */
function brokenByRewriting(rewriting: Rewriting, { was, is }: Records): string | undefined {
  const { before, path, by } = rewriting;
  const isMapped = mappingOf(was) !== mappingOf(is);
  if (!isMapped && was.schedule === is.schedule) return undefined;
  if (clocksDisagree(by)) return `N ${path} was rewritten although the clocks disagree`;
  if (before.shortList) return `N ${path} was rewritten while the list lacks its credential`;
  if (!isHeld(before, path) && dueAt(before, path) + LONG_MS < before.now)
    return `N ${path} was rewritten although its rotation was due`;
  return isMapped && isSecondHalf(before, path, is) ? `N ${path} was rewritten twice for one policy` : undefined;
}

function mappingOf({ fields, endpoint, region }: RotationRecord): string {
  return JSON.stringify([Object.entries(fields).toSorted(), endpoint, region]);
}

/** Whether the same process put its schedule there right before, and nothing else. */
function isSecondHalf({ secrets, before }: Outside, path: string, { by, schedule }: RotationRecord): boolean {
  const first = recordAt({ secrets }, path);
  const original = recordAt({ secrets: before }, path);
  return first?.by === by && first.schedule === schedule && original?.schedule !== schedule;
}
