import { createHash } from 'node:crypto';
import type { RotatePolicy } from '../../src/policy/policy.ts';
import { parseMarker } from '../../src/rotation/marker.ts';
import { type RotationRecord, readRecord } from '../../src/rotation/record.ts';
import type { Amendment } from '../../src/rotation/rotator.ts';
import type { Call, Data } from './calls.ts';

/** A credential, and what became of it. */
export interface Key {
  readonly instance: string;
  readonly id: string;
  readonly accessKeyId: string;
  readonly description: string;
  readonly live: boolean;
  /** When it was issued, Unix ms, where that was long after its attempt began. */
  readonly madeAt?: number;
  /** The endpoints at which S3 accepted it at least once. */
  readonly verifiedAt: readonly string[];
  /** Who revoked it. */
  readonly endedBy?: 'rekeyd' | 'hand';
  /** When another one took its place, Unix ms: from then on consumers have the grace. */
  readonly replacedAt?: number;
  /** A person said that its grace ends then, Unix ms. */
  readonly graceCutTo?: number;
  /** It is lost by a restored Vault and may be in use: only a person has it revoked. */
  readonly lost?: true;
}

/** The newest version at a path; `data` is null where it was deleted. */
export interface Version {
  readonly version: number;
  readonly createdAt: number;
  readonly data: Data | null;
  /** What rekeyd must leave alone until a person decides: the whole version, or the credential in it. */
  readonly locked?: 'all' | 'credential';
  /** The refusals that they must name for that, each of them; any one, where nothing is said. */
  readonly needs?: readonly string[];
}

/** A call on its way that nobody waits for any more. */
export interface Flight {
  readonly call: Call;
  readonly by: Caller;
}

/** Whose call it is. What carries exactly one of these markers, and nothing else, is the caller's to revoke. */
export interface Caller {
  readonly owner: string;
  /** Application → path, by the caller's policy. */
  readonly paths: Readonly<Record<string, string>>;
  /** Whether somebody asked for a rotation in this pass, and which refusals they lifted for it. */
  readonly asked: boolean;
  readonly despite: readonly string[];
  /** Whether the current credential was reported leaked. */
  readonly leaked?: true;
  /** What a person put into the record by it. */
  readonly word?: Amendment;
  /** By path, the version that it knows of; absent: the newest. */
  readonly seen?: Readonly<Record<string, number>>;
  /** Why nothing that it issues could be published and kept. */
  readonly unfit?: string;
  /** How far its clock is ahead of the world's, ms; absent: not at all. */
  readonly aheadMs?: number;
  /** By application, the schedules that have a window. */
  readonly windows?: Readonly<Record<string, RotatePolicy>>;
  /** When its pass began, Unix ms; absent: it does not matter. */
  readonly began?: number;
}

/** Issuer, S3 and Vault as data. Nothing changes it: each step makes a new one. Times are Unix ms. */
export interface Outside {
  readonly now: number;
  readonly graceMs: number;
  readonly keys: readonly Key[];
  readonly secrets: Readonly<Record<string, Version>>;
  /** By path, what stood there before the newest version. */
  readonly before: Readonly<Record<string, Version>>;
  /** By path, the mappings that rekeyd wrote there one after the other. */
  readonly mappings: Readonly<Record<string, readonly string[]>>;
  readonly flights: readonly Flight[];
  /** By path, the version by which a person's hold came in. */
  readonly heldFrom?: Readonly<Record<string, number>>;
  /** The issuer's list lacks what Vault holds. */
  readonly shortList: boolean;
  /** At so many live credentials, or strays, of an application nothing more may be issued for it. */
  readonly limits?: { readonly live: number; readonly strays: number };
  /** Vault deletes each version so many ms after it was written; absent: never. */
  readonly lifetimeMs?: number;
  /** The first promise that was broken, in words. */
  readonly wrong?: string;
}

export const ENDPOINT = 'https://s3.example';
export const REGION = 'here';

/** So far replicas may go by their own clocks; that a grace is over needs Vault's word too. */
export const CLOCKS_APART_MS = 60_000;

/** Where a path is: what the marker and the record call its place. */
export function placeOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 8);
}

export function secretOf(accessKeyId: string): string {
  return `SECRET-of-${accessKeyId}`;
}

/** The key that consumers read at a path. */
export function wornAt({ secrets, keys }: Outside, path: string): Key | undefined {
  const id = secrets[path]?.data?.['access_key_id'];
  return keys.find((key) => key.accessKeyId === id);
}

export function isWorn(outside: Outside, { id }: Key): boolean {
  return Object.keys(outside.secrets).some((path) => wornAt(outside, path)?.id === id);
}

export function recordAt({ secrets }: Pick<Outside, 'secrets'>, path: string): RotationRecord | undefined {
  const data = secrets[path]?.data;
  return data ? recordOf(data) : undefined;
}

const records = new WeakMap<Data, { readonly record: RotationRecord | undefined }>();

/** Nothing changes a version, so each is read once, however many worlds have it. */
export function recordOf(data: Data): RotationRecord | undefined {
  const known = records.get(data);
  if (known) return known.record;
  const reading = readRecord(data);
  const record = reading.state === 'record' ? reading.record : undefined;
  records.set(data, { record });
  return record;
}

export function withKey(outside: Outside, key: Key): Outside {
  return { ...outside, keys: outside.keys.map((one) => (one.id === key.id ? key : one)) };
}

/** A new version, whoever wrote it. */
export function put(outside: Outside, path: string, data: Data | null, locked?: Version['locked']): Outside {
  const newest = outside.secrets[path];
  const version: Version = {
    version: (newest?.version ?? 0) + 1,
    createdAt: outside.now,
    data,
    ...(locked && { locked }),
  };
  return {
    ...outside,
    secrets: { ...outside.secrets, [path]: version },
    ...(newest && { before: { ...outside.before, [path]: newest } }),
  };
}

/** What rekeyd's write has replaced has its grace from now on. Where a person replaced it, that is the person's affair. */
export function noteReplaced(before: Outside, after: Outside, path: string): Outside {
  const [old, worn] = [wornAt(before, path), wornAt(after, path)];
  if (!old || old.id === worn?.id) return after;
  // it came back and served again: what was said of its earlier grace is no longer meant
  const { graceCutTo: _, ...again } = old;
  return withKey(after, { ...again, replacedAt: after.now });
}

/** When Vault deletes what stands at a path, Unix ms. */
export function expiresAt({ secrets, lifetimeMs = Number.POSITIVE_INFINITY }: Outside, path: string): number {
  return (secrets[path]?.createdAt ?? Number.POSITIVE_INFINITY) + lifetimeMs;
}

/** When what stands at a path is to be rotated, Unix ms: as its record says, and a grace before Vault deletes it. */
export function dueAt(outside: Outside, path: string): number {
  const stored = Date.parse(recordAt(outside, path)?.rotate_at ?? '');
  return Math.min(Number.isNaN(stored) ? Number.POSITIVE_INFINITY : stored, expiresAt(outside, path) - outside.graceMs);
}

/** Whether somebody keeps it in any field of a secret, rekeyd's own state aside. */
export function standsInAField({ secrets }: Outside, { accessKeyId }: Pick<Key, 'accessKeyId'>): boolean {
  const fields = Object.values(secrets).flatMap(({ data }) => Object.entries(data ?? {}));
  return fields.some(([name, value]) => name !== 'rekeyd' && value === accessKeyId);
}

/** Whether the key carries the marker of one of the caller's applications at its place. */
export function isCallers({ description }: Key, { owner, paths }: Pick<Caller, 'owner' | 'paths'>): boolean {
  const marker = parseMarker(description);
  const path = marker && paths[marker.application];
  return path !== undefined && marker?.owner === owner && marker.place === placeOf(path);
}

/** A hold is over once it is by every clock. */
export function isHeld(outside: Outside, path: string): boolean {
  const hold = recordAt(outside, path)?.hold;
  return hold !== undefined && Date.parse(hold.until) > outside.now;
}

export function broken(outside: Outside, wrong: string | undefined): Outside {
  return wrong === undefined || outside.wrong !== undefined ? outside : { ...outside, wrong };
}
