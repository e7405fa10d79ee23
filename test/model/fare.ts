import { parseMarker } from '../../src/rotation/marker.ts';
import type { Call, Failure, Manner, Result } from './calls.ts';
import {
  broken,
  type Caller,
  ENDPOINT,
  expiresAt,
  type Flight,
  isWorn,
  type Key,
  noteReplaced,
  type Outside,
  put,
  secretOf,
  withKey,
  wornAt,
} from './outside.ts';
import { brokenByCall, brokenByRevoke, brokenByWrite } from './promises.ts';
import { noteHold, noteShortened } from './words.ts';

interface Effect {
  readonly outside: Outside;
  readonly result: Result;
}

const AMBIGUOUS: Failure = { kind: 'ambiguous', code: 'unanswered' };
const UNAVAILABLE: Failure = { kind: 'unavailable', code: 'unavailable' };

/** An issue that arrives within that is as good as at once. */
const LATE_MS = 60_000;

/** What a call does to the world, and what its caller learns of it. */
export function fare(before: Outside, call: Call, manner: Manner, by: Caller): Effect {
  const outside = broken(before, brokenByCall(before, call, by));
  switch (manner) {
    case 'done':
      return perform(outside, call, by);
    case 'lost':
      return { outside, result: { error: AMBIGUOUS } };
    case 'unanswered':
      return { ...perform(outside, call, by), result: { error: AMBIGUOUS } };
    case 'late':
      return { outside: { ...outside, flights: [...outside.flights, { call, by }] }, result: { error: AMBIGUOUS } };
    case 'resent':
      return perform(perform(outside, call, by).outside, call, by);
    case 'unavailable':
      return { outside, result: { error: UNAVAILABLE } };
  }
}

/** A flight arrives. */
export function deliver(outside: Outside, flight: Flight): Outside {
  const flights = outside.flights.filter((one) => one !== flight);
  return perform({ ...outside, flights }, flight.call, flight.by).outside;
}

function perform(outside: Outside, call: Call, by: Caller): Effect {
  switch (call.op) {
    case 'read':
    case 'read-back':
      return { outside, result: { ok: readAt(outside, call.path) } };
    case 'list':
      return { outside, result: { ok: listOf(outside, call.instance) } };
    case 'issue':
      return issue(outside, call);
    case 'revoke':
      return { outside: revoke(outside, call.id, by), result: { ok: null } };
    case 'probe':
      return probe(outside, call);
    case 'write':
      return write(outside, call, by);
    default:
      return { outside, result: { ok: null } };
  }
}

/** A `Date` header knows seconds only. */
function serverTime({ now }: Outside): number {
  return Math.floor(now / 1000) * 1000;
}

function readAt(outside: Outside, path: string) {
  const newest = outside.secrets[path];
  const about = { version: newest?.version ?? 0, serverTime: serverTime(outside) };
  if (!newest) return { ...about, state: 'absent' };
  if (!newest.data) return { ...about, state: 'deleted' };
  const expires = expiresAt(outside, path);
  if (expires <= outside.now) return { ...about, state: 'expired' };
  return { ...about, ...told(expires), state: 'present', createdAt: newest.createdAt, data: newest.data };
}

function told(expires: number) {
  return Number.isFinite(expires) ? { expiresAt: expires } : {};
}

function listOf(outside: Outside, instance: string) {
  return outside.keys
    .filter((key) => key.live && key.instance === instance && !(outside.shortList && isWorn(outside, key)))
    .map(({ id, accessKeyId, description }) => ({ id, accessKeyId, description }));
}

function issue(outside: Outside, { instance, description }: Extract<Call, { op: 'issue' }>): Effect {
  const n = outside.keys.length + 1;
  const [id, accessKeyId] = [`id-${n}`, `AK${n}.`];
  const { attemptedAt = outside.now } = parseMarker(description) ?? {};
  const late = outside.now - attemptedAt > LATE_MS ? { madeAt: outside.now } : {};
  const key: Key = { instance, id, accessKeyId, description, live: true, verifiedAt: [], ...late };
  return {
    outside: { ...outside, keys: [...outside.keys, key] },
    result: { ok: { id, accessKeyId, description, secretAccessKey: secretOf(accessKeyId) } },
  };
}

function probe(outside: Outside, call: Extract<Call, { op: 'probe' }>): Effect {
  const key = outside.keys.find(({ live, accessKeyId }) => live && accessKeyId === call.accessKeyId);
  const refused = (why: string): Effect => ({ outside, result: { ok: { accepted: false, why, detail: why } } });
  if (call.endpoint !== ENDPOINT) return refused('other');
  if (!key) return refused('unknown-key');
  if (secretOf(key.accessKeyId) !== call.secretAccessKey) return refused('wrong-signature');
  const verified = { ...key, verifiedAt: [...new Set([...key.verifiedAt, call.endpoint])] };
  return { outside: withKey(outside, verified), result: { ok: { accepted: true } } };
}

/** Irreversible. */
function revoke(outside: Outside, id: string, by: Caller): Outside {
  const key = outside.keys.find((one) => one.id === id);
  if (!key?.live) return outside;
  const after = withKey(outside, { ...key, live: false, endedBy: 'rekeyd' });
  return broken(after, brokenByRevoke(outside, key, by));
}

function write(outside: Outside, call: Extract<Call, { op: 'write' }>, by: Caller): Effect {
  const version = outside.secrets[call.path]?.version ?? 0;
  if (version !== call.version) return { outside, result: { error: { kind: 'rejected', code: 'conflict' } } };
  // a write of the same credential does not give rekeyd a word that only a person has
  const unlocked = put(outside, call.path, call.data);
  const isSame = wornAt(outside, call.path)?.id === wornAt(unlocked, call.path)?.id;
  const locked = isSame && outside.secrets[call.path]?.locked === 'credential';
  const written = locked ? put(outside, call.path, call.data, 'credential') : unlocked;
  const replaced = noteMapping(outside, noteReplaced(outside, written, call.path), call);
  const after = noteHold(outside, noteShortened(outside, replaced, by), call.path);
  const judged = broken(after, brokenByWrite(outside, after, call, by));
  return { outside: judged, result: { ok: { version: version + 1, ...told(expiresAt(judged, call.path)) } } };
}

/** A rotation begins a new story: whoever rotates writes by its own policy. */
function noteMapping(before: Outside, after: Outside, { path, data }: Extract<Call, { op: 'write' }>): Outside {
  const { fields } = JSON.parse(String(data['rekeyd'])) as { fields: unknown };
  const text = JSON.stringify(fields);
  const isNew = wornAt(before, path)?.id !== wornAt(after, path)?.id;
  const written = isNew ? [] : (before.mappings[path] ?? []);
  if (written.at(-1) === text) return after;
  return { ...after, mappings: { ...after.mappings, [path]: [...written, text] } };
}
