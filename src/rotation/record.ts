import { createHash } from 'node:crypto';
import { stringify } from 'safe-stable-stringify';
import { z } from 'zod';
import { RECORD_FIELD } from '../policy/fields.ts';
import { isTooDeep } from './depth.ts';
import { MAX_GENERATION } from './marker.ts';
import type { SecretData } from './ports.ts';

const moment = z.iso.datetime({ offset: true });
/** Ids and names end up in messages: nothing that a terminal or a log could stumble over. */
const text = z.string().regex(/^[\x21-\x7e]{1,500}$/);
const words = z.string().regex(/^\P{Cc}*$/u);
/** As many as can come of an instance's strays, and few enough to be looked through. */
const MOST_SUPERSEDED = 10_000;

const credential = z.looseObject({
  id: text,
  access_key_id: text,
  instance: text,
  issued_at: moment,
  adopted: z.boolean().optional(),
});

const superseded = z.looseObject({
  id: text,
  access_key_id: text,
  instance: text,
  /** null: only a person revokes it. */
  revoke_at: moment.nullable(),
  /** `rotated`, `stray`, `adopted` or `behind`; a newer replica may know more. */
  why: text,
  /** A person shortened the grace: it is theirs, and no silence of the store draws it out. */
  shortened: z.boolean().optional(),
});

const recordSchema = z.looseObject({
  v: z.literal(1),
  owner: text,
  application: text,
  place: z.string().regex(/^[0-9a-f]{8}$/),
  generation: z.int().positive().max(MAX_GENERATION),
  by: text,
  credential: credential.nullable(),
  published_at: moment,
  rotate_at: moment,
  schedule: z.string(),
  fields: z.record(words, z.string()),
  endpoint: text,
  region: words,
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  superseded: z.array(superseded).max(MOST_SUPERSEDED),
  hold: z.looseObject({ until: moment, by: words, why: words }).optional(),
  /** The version that this record was built to be, when, and the ids of those whose graces begin with it. */
  written: z.looseObject({ version: z.int().positive(), at: moment, begins: z.array(text).optional() }).optional(),
});

/**
 * What rekeyd remembers of an application, in the shape it has in Vault (JSON, times ISO 8601). Members that this
 * version does not know are carried along.
 */
export type RotationRecord = z.infer<typeof recordSchema>;
export type CurrentCredential = z.infer<typeof credential>;
export type Superseded = z.infer<typeof superseded>;

export type RecordReading =
  | { readonly state: 'none' }
  /** `why` names the place in the record, never a value. */
  | { readonly state: 'unreadable'; readonly why: string }
  | { readonly state: 'record'; readonly record: RotationRecord };

export function readRecord(data: SecretData): RecordReading {
  if (!Object.hasOwn(data, RECORD_FIELD)) return { state: 'none' };
  const json = data[RECORD_FIELD];
  if (typeof json !== 'string') return { state: 'unreadable', why: 'it is not a string' };
  const parsed = parseJson(json);
  if (parsed === undefined) return { state: 'unreadable', why: 'it is not JSON' };
  if (isTooDeep(parsed)) return { state: 'unreadable', why: 'it is nested too deeply' };
  const version = versionOf(parsed);
  if (version > 1) return { state: 'unreadable', why: `a newer rekeyd wrote it (v ${version})` };
  const checked = recordSchema.safeParse(parsed);
  if (checked.success)
    return { state: 'record', record: { ...checked.data, superseded: careful(checked.data.superseded) } };
  // names in `fields` are not shown: they are somebody's words
  const where = [...new Set(checked.error.issues.map(({ path }) => placeIn(path)))];
  return { state: 'unreadable', why: `not as rekeyd writes it: ${where.slice(0, 5).join(', ')}` };
}

/** Where entries contradict one another, the one that keeps the credential alive the longest holds. */
function careful(entries: readonly Superseded[]): Superseded[] {
  const kept = new Map<string, Superseded>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.instance, entry.id]);
    const other = kept.get(key);
    if (!other || revokeTime(entry) > revokeTime(other)) kept.set(key, entry);
  }
  return [...kept.values()];
}

/**
 * The record as it counts. A write may be on its way for long, and consumers see what it brings only when it arrives:
 * each grace that begins with it is longer by that time. `arrived`: the version in which it was found, and when that
 * was created (Unix ms). Where a person wrote that version, nothing is known of the way of ours.
 */
export function asArrived(record: RotationRecord, arrived: { version: number; createdAt: number }): RotationRecord {
  const { written } = record;
  const late = written?.version === arrived.version ? arrived.createdAt - Date.parse(written.at) : 0;
  if (late <= 0) return record;
  const begins = written?.begins && new Set(written.begins);
  const superseded = record.superseded.map((entry) =>
    entry.revoke_at === null || begins?.has(entry.id) === false
      ? entry
      : { ...entry, revoke_at: iso(Date.parse(entry.revoke_at) + late) },
  );
  return { ...record, superseded };
}

/** Unix ms; Infinity: only a person revokes it. */
export function revokeTime({ revoke_at }: Superseded): number {
  return revoke_at === null ? Number.POSITIVE_INFINITY : Date.parse(revoke_at);
}

export function writeRecord(record: RotationRecord): string {
  return JSON.stringify(record);
}

/** SHA-256 of the canonical JSON of the values that stand in these fields; a missing field counts as missing. */
export function digestOf(data: SecretData, fields: readonly string[]): string {
  const ours = Object.fromEntries(fields.filter((name) => Object.hasOwn(data, name)).map((name) => [name, data[name]]));
  return createHash('sha256')
    .update(stringify(ours) ?? '')
    .digest('hex');
}

const EARLIEST = Date.parse('0001-01-01T00:00:00Z');
const LATEST = Date.parse('9999-12-31T00:00:00Z');

/** A time as a record has it. Outside of the years with four digits it would not be read again, so it is moved there. */
export function iso(time: number): string {
  return new Date(Math.min(Math.max(time, EARLIEST), LATEST)).toISOString();
}

function placeIn(path: readonly PropertyKey[]): string {
  const known = path[0] === 'fields' ? path.slice(0, 1) : path;
  return known.join('.') || 'the whole';
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function versionOf(parsed: unknown): number {
  const version = typeof parsed === 'object' && parsed !== null && 'v' in parsed ? parsed.v : 0;
  return typeof version === 'number' ? version : 0;
}
