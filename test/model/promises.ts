import type { Call } from './calls.ts';
import { brokenByAnyway, brokenByClocks, brokenByShut, brokenByUnfenced } from './needless.ts';
import {
  type Caller,
  CLOCKS_APART_MS,
  dueAt,
  isCallers,
  isHeld,
  isWorn,
  type Key,
  type Outside,
  recordAt,
  secretOf,
  standsInAField,
  wornAt,
} from './outside.ts';
import { brokenWord, graceCutTo } from './words.ts';

/**
 * What is promised, judged from outside of rekeyd: by what really stands in Vault and at the issuer. I1 to I6 are the
 * invariants of the design. Beside them: **H**, what a person must decide is left alone; **N**, nothing is rotated or
 * revoked that need not be (`needless.ts` has more of it); **B**, nothing is issued that could not be published; **P**,
 * two policies do not rewrite one another for ever; **W** (`words.ts`), what people put into a record stands.
 */

type Revoke = Extract<Call, { op: 'revoke' }>;
type Write = Extract<Call, { op: 'write' }>;

/** The promise that revoking this key now breaks. */
export function brokenByRevoke(outside: Outside, key: Key, by: Caller): string | undefined {
  const { accessKeyId, replacedAt } = key;
  if (!isCallers(key, by)) return `I6 ${accessKeyId} was revoked, which is not the revoker's`;
  if (isWorn(outside, key)) return `I1 ${accessKeyId} was revoked while Vault holds it`;
  if (standsInAField(outside, key)) return `H ${accessKeyId} was revoked while somebody keeps it in a field`;
  if (key.lost && key.graceCutTo === undefined)
    return `I3 ${accessKeyId} was revoked, which only a person may have revoked`;
  if (replacedAt === undefined) return undefined;
  const early = Math.ceil((graceEnd(key, outside) - outside.now) / 1000);
  return early > 0 ? `I3 ${accessKeyId} was revoked ${early} s before its grace was over` : undefined;
}

/** When consumers of a key that was replaced must have the new one, Unix ms; Infinity: it was not replaced. */
export function graceEnd(key: Key, { graceMs }: Pick<Outside, 'graceMs'>): number {
  return Math.min((key.replacedAt ?? Number.POSITIVE_INFINITY) + graceMs, graceCutTo(key));
}

/** The promise that beginning this call breaks, whatever becomes of it. */
export function brokenByCall(outside: Outside, call: Call, by: Caller): string | undefined {
  if (call.op === 'issue') return brokenByIssue(outside, by) ?? brokenByShut(outside, call, by);
  if (call.op !== 'revoke') return undefined;
  return brokenByHeldRevoke(outside, call, by) ?? brokenByClocks(call, by) ?? brokenByUnfenced(outside, call, by);
}

function brokenByIssue(outside: Outside, by: Caller): string | undefined {
  if (by.unfit) return `B a credential was issued although ${by.unfit}`;
  const own = outside.keys.filter((key) => key.live && isCallers(key, by));
  const known = new Set(Object.values(by.paths).flatMap((path) => knownAt(outside, path)));
  const strays = own.filter(({ id }) => !known.has(id));
  const { live, strays: most } = outside.limits ?? { live: Infinity, strays: Infinity };
  if (own.length >= (by.leaked ? 2 * live : live)) return `B a credential was issued beside ${own.length} live ones`;
  return strays.length >= most ? `B a credential was issued beside ${strays.length} strays` : undefined;
}

function knownAt(outside: Outside, path: string): readonly (string | undefined)[] {
  const record = recordAt(outside, path);
  return [record?.credential?.id, ...(record?.superseded ?? []).map(({ id }) => id)];
}

function brokenByHeldRevoke(outside: Outside, { id }: Revoke, by: Caller): string | undefined {
  const held = Object.values(by.paths).some((path) => {
    const record = recordAt(outside, path);
    const isKnown = (by.seen?.[path] ?? Number.POSITIVE_INFINITY) >= (outside.heldFrom?.[path] ?? 0);
    return isKnown && isHeld(outside, path) && record?.superseded.some((entry) => entry.id === id);
  });
  return held ? `N ${id} was revoked during a hold` : undefined;
}

/** The promise that rekeyd's write has broken. */
export function brokenByWrite(before: Outside, after: Outside, { path }: Write, by: Caller): string | undefined {
  const [old, worn] = [wornAt(before, path), wornAt(after, path)];
  const isNew = old?.id !== worn?.id;
  return (
    brokenLock(before, path, by, isNew) ??
    (worn && brokenByUnverified(before, after, path, worn, isNew)) ??
    (worn && brokenByWrongSecret(after, path, worn)) ??
    brokenByLoss(before, after, path, by) ??
    (old?.live && isNew ? brokenByNeedless(before, path, by) : undefined) ??
    brokenByPingPong(after, path) ??
    brokenByAnyway({ before, after, path, by }) ??
    brokenWord(before, after, path, by)
  );
}

function brokenLock({ secrets }: Outside, path: string, by: Caller, isNew: boolean): string | undefined {
  const { locked, needs = [] } = secrets[path] ?? {};
  const isTouched = locked === 'all' || (locked === 'credential' && isNew);
  const isLifted = by.despite.length > 0 && needs.every((code) => by.despite.includes(code));
  return isTouched && !isLifted ? `H ${path} was written over without a person's word` : undefined;
}

function brokenByUnverified(
  before: Outside,
  after: Outside,
  path: string,
  worn: Key,
  isNew: boolean,
): string | undefined {
  const endpoint = String(after.secrets[path]?.data?.['endpoint'] ?? '');
  const isTakenOver = recordAt(before, path)?.credential?.id !== worn.id;
  const isMoved = before.secrets[path]?.data?.['endpoint'] !== endpoint;
  if (!isNew && !isTakenOver && !isMoved) return undefined;
  return worn.verifiedAt.includes(endpoint) ? undefined : `I2 ${worn.accessKeyId} was published unverified`;
}

/** What consumers read beside the access key id must be its secret. */
function brokenByWrongSecret({ secrets }: Outside, path: string, { accessKeyId }: Key): string | undefined {
  const isRight = secrets[path]?.data?.['secret_access_key'] === secretOf(accessKeyId);
  return isRight ? undefined : `I2 ${accessKeyId} was published with another secret`;
}

/** What others keep in the same secret stays as it was. */
function brokenByLoss(before: Outside, after: Outside, path: string, { word }: Caller): string | undefined {
  const { fields = {} } = recordAt(word?.amend === 'retire' ? before : after, path) ?? {};
  const ours = new Set(['rekeyd', ...Object.keys(fields)]);
  const theirs = Object.entries(before.secrets[path]?.data ?? {}).filter(([name]) => !ours.has(name));
  const lost = theirs.find(([name, value]) => after.secrets[path]?.data?.[name] !== value);
  return lost && `H ${lost[0]} at ${path}, which is not rekeyd's, was lost`;
}

/** A live credential is replaced when it is due and nothing holds it, or when somebody asks. */
function brokenByNeedless(before: Outside, path: string, by: Caller): string | undefined {
  const record = recordAt(before, path);
  if (!record || by.asked || by.word?.amend === 'retire') return undefined;
  if (isHeld(before, path)) return `N ${path} was rotated during a hold`;
  const isEarly = before.now + CLOCKS_APART_MS < dueAt(before, path);
  return isEarly ? `N ${path} was rotated before it was due` : undefined;
}

function brokenByPingPong({ mappings }: Outside, path: string): string | undefined {
  const written = mappings[path] ?? [];
  return new Set(written).size < written.length ? `P ${path} was rewritten back and forth` : undefined;
}

/** What is wrong with the world as it stands, after any step. */
export function wrongWith(outside: Outside): string | undefined {
  if (outside.wrong) return outside.wrong;
  for (const path of Object.keys(outside.secrets)) {
    const worn = wornAt(outside, path);
    if (worn && recordAt(outside, path)?.credential === null)
      return `I1 ${path} is retired and names ${worn.accessKeyId}`;
    if (worn?.endedBy === 'rekeyd') return `I1 Vault holds ${worn.accessKeyId} at ${path}, which rekeyd revoked`;
  }
  return undefined;
}
