import { asArrived, type RotationRecord, revokeTime, type Superseded } from '../../src/rotation/record.ts';
import type { Amendment } from '../../src/rotation/rotator.ts';
import { type Caller, isWorn, type Key, type Outside, recordAt, standsInAField, withKey } from './outside.ts';

/**
 * What people have put into a record, judged from outside of rekeyd. **W**: their word stands until they take it back,
 * in every version that anybody writes, and nobody makes one up.
 */

/** A record before and after a write of rekeyd, as it counts. */
interface Rewriting {
  readonly before: Outside;
  readonly after: Outside;
  readonly path: string;
  readonly was: RotationRecord;
  readonly is: RotationRecord;
  readonly by: Caller;
}

const PROMISES: readonly ((rewriting: Rewriting) => string | undefined)[] = [
  brokenHold,
  brokenRetirement,
  brokenFields,
  brokenGraces,
  brokenCurrent,
  brokenPast,
];

/** The promise to people that rekeyd's write has broken. */
export function brokenWord(before: Outside, after: Outside, path: string, by: Caller): string | undefined {
  const [was, is] = [recordAt(before, path), recordAt(after, path)];
  const version = before.secrets[path];
  if (!was || !is || !version) return undefined;
  const rewriting = { before, after, path, was: asArrived(was, version), is, by };
  for (const promise of PROMISES) {
    const wrong = promise(rewriting);
    if (wrong) return wrong;
  }
  return undefined;
}

function brokenHold({ was, is, path, by }: Rewriting): string | undefined {
  return endOf(is) === holdWanted(was, by.word) ? undefined : `W ${path} is not held as people said`;
}

/** Until when the application is to be held, Unix ms. */
function holdWanted(was: RotationRecord, word: Amendment | undefined): number | undefined {
  if (word?.amend === 'hold') return word.until;
  return word?.amend === 'release' ? undefined : endOf(was);
}

function endOf({ hold }: RotationRecord): number | undefined {
  return hold && Date.parse(hold.until);
}

function brokenRetirement({ was, is, path, by }: Rewriting): string | undefined {
  if (was.credential === null && is.credential !== null && !by.despite.includes('retired'))
    return `H ${path} was put back into service without a person's word`;
  const isAsked = by.word?.amend === 'retire';
  return was.credential !== null && is.credential === null && !isAsked
    ? `W ${path} was retired without a person's word`
    : undefined;
}

/** Whoever still finds a field in a retired secret would use what is about to be revoked. */
function brokenFields({ was, is, after, path }: Rewriting): string | undefined {
  if (is.credential !== null) return undefined;
  const left = Object.keys(was.fields).find((name) => name in (after.secrets[path]?.data ?? {}));
  return left && `I1 ${path} is retired and still has ${left}`;
}

/** A grace ends earlier only where a person said so, of that one; and what a person shortened stays so. */
function brokenGraces({ was, is, before, by }: Rewriting): string | undefined {
  const asked = by.word?.amend === 'shorten' ? by.word.credentialId : undefined;
  for (const entry of was.superseded) {
    const then = is.superseded.find(({ id }) => id === entry.id);
    if (!then || then.id === asked) continue;
    if (revokeTime(then) < revokeTime(entry)) return `I3 ${entry.access_key_id} was given less grace than it had`;
    if (isLengthened(entry, then) && !standsInAField(before, { accessKeyId: entry.access_key_id }))
      return `W the grace of ${entry.access_key_id}, which a person shortened, was lengthened`;
  }
  return undefined;
}

function isLengthened(entry: Superseded, then: Superseded): boolean {
  return entry.shortened === true && revokeTime(then) > revokeTime(entry);
}

function brokenCurrent({ was, is }: Rewriting): string | undefined {
  const current = is.credential;
  const isEnding = (record: RotationRecord) => record.superseded.some(({ id }) => id === current?.id);
  return current && isEnding(is) && !isEnding(was)
    ? `I3 ${current.access_key_id} was given an end while it is current`
    : undefined;
}

/** What lives on stays named, or else nobody would revoke it when its grace is over. */
function brokenPast({ was, is, before, path }: Rewriting): string | undefined {
  const named = new Set([is.credential?.id, ...is.superseded.map(({ id }) => id)]);
  const past = new Set([was.credential?.id, ...was.superseded.map(({ id }) => id)]);
  const dropped = before.keys.find(({ live, id }) => live && past.has(id) && !named.has(id));
  return dropped && `I4 ${dropped.accessKeyId} lives and was dropped from the record of ${path}`;
}

/** What a person said of a key's grace counts from when it stands in the record, and of that key alone. */
export function noteShortened(before: Outside, after: Outside, { word }: Caller): Outside {
  if (word?.amend !== 'shorten') return after;
  const key = after.keys.find(({ id }) => id === word.credentialId);
  if (!key || isWorn(before, key)) return after;
  return withKey(after, { ...key, graceCutTo: Math.min(graceCutTo(key), after.now + word.graceMs) });
}

export function graceCutTo({ graceCutTo: to }: Key): number {
  return to ?? Number.POSITIVE_INFINITY;
}

/** From which version on the application is held. */
export function noteHold(before: Outside, after: Outside, path: string): Outside {
  const [was, is] = [recordAt(before, path)?.hold?.until, recordAt(after, path)?.hold?.until];
  if (is === undefined || is === was) return after;
  return { ...after, heldFrom: { ...after.heldFrom, [path]: after.secrets[path]?.version ?? 0 } };
}

/** What a person was told to stand in the record, stands there: whoever writes keeps it. */
export function brokenSaid(outside: Outside, path: string, word: Amendment): string | undefined {
  const [record, version] = [recordAt(outside, path), outside.secrets[path]];
  if (!record || !version) return undefined;
  return isSo(asArrived(record, version), word, outside) ? undefined : `W ${word.amend} was told to stand at ${path}`;
}

function isSo(record: RotationRecord, word: Amendment, { now, keys }: Outside): boolean {
  switch (word.amend) {
    case 'hold':
      return endOf(record) === word.until;
    case 'release':
      return record.hold === undefined;
    case 'retire':
      return record.credential === null;
    case 'shorten': {
      const entry = record.superseded.find(({ id }) => id === word.credentialId);
      const lives = keys.some(({ id, live }) => live && id === word.credentialId);
      return !lives || (entry !== undefined && revokeTime(entry) <= now + word.graceMs);
    }
  }
}
