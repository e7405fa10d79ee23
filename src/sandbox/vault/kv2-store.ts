import type { Clock } from '../../rotation/ports.ts';
import { isObject, type JsonObject } from './answers.ts';
import { NanoTimes, timeAfter } from './times.ts';

/** One version of a secret. Times are Unix ms with Vault's own text beside them. */
export interface Version {
  readonly created: string;
  /** When it was or, by `delete_version_after`, will be deleted. */
  deletedAt: number | undefined;
  deletion: string;
  destroyed: boolean;
  data: JsonObject;
}

export interface Entry {
  readonly versions: Map<number, Version>;
  current: number;
  oldest: number;
  casRequired: boolean;
  maxVersions: number;
  /** 0: none of its own. */
  deleteAfterMs: number;
  customMetadata: Record<string, string> | null;
  readonly created: string;
  updated: string;
}

export interface MountConfig {
  casRequired: boolean;
  maxVersions: number;
  /** 0: none; below 0: switched off for all paths. */
  deleteAfterMs: number;
}

export type CasProblem = 'mismatch' | 'required';

const DEFAULT_MAX_VERSIONS = 10;

/** What a KV v2 mount holds. */
export class Kv2Store {
  readonly config: MountConfig = { casRequired: false, maxVersions: 0, deleteAfterMs: 0 };
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #times = new NanoTimes();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  entry(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  paths(): readonly string[] {
    return [...this.#entries.keys()].sort();
  }

  /** The data of the newest version, for tests that look behind the API; `undefined` where none can be read. */
  peek(path: string): JsonObject | undefined {
    const entry = this.#entries.get(path);
    const version = entry?.versions.get(entry.current);
    return version && this.isReadable(version) ? version.data : undefined;
  }

  /** Writes without asking for a version, as a person with every right would. */
  poke(path: string, data: JsonObject): void {
    this.append(this.ensure(path), data);
  }

  ensure(path: string): Entry {
    const now = this.#times.format(this.#clock.now());
    const entry: Entry = this.#entries.get(path) ?? {
      versions: new Map(),
      current: 0,
      oldest: 0,
      casRequired: false,
      maxVersions: 0,
      deleteAfterMs: 0,
      customMetadata: null,
      created: now,
      updated: now,
    };
    this.#entries.set(path, entry);
    return entry;
  }

  isReadable(version: Version): boolean {
    return !version.destroyed && (version.deletedAt === undefined || version.deletedAt > this.#clock.now());
  }

  checkCas(entry: Entry | undefined, cas: number | undefined): CasProblem | undefined {
    if (cas !== undefined) return cas === (entry?.current ?? 0) ? undefined : 'mismatch';
    return this.config.casRequired || entry?.casRequired ? 'required' : undefined;
  }

  append(entry: Entry, data: JsonObject): Version {
    const now = this.#clock.now();
    const created = this.#times.format(now);
    const version = { created, ...this.#end(entry, now, created), destroyed: false, data };
    entry.current += 1;
    entry.versions.set(entry.current, version);
    entry.updated = created;
    this.#forgetOld(entry);
    return version;
  }

  /** Versions that are deleted or destroyed already stay as they are. */
  delete(path: string, versions: readonly number[]): void {
    for (const version of this.#some(path, versions)) {
      if (!this.isReadable(version)) continue;
      version.deletedAt = this.#clock.now();
      version.deletion = this.#times.format(version.deletedAt);
    }
  }

  undelete(path: string, versions: readonly number[]): void {
    const entry = this.#entries.get(path);
    for (const version of this.#some(path, versions)) {
      const now = this.#clock.now();
      if (entry && !version.destroyed) Object.assign(version, this.#end(entry, now, this.#times.format(now)));
    }
  }

  destroy(path: string, versions: readonly number[]): void {
    for (const version of this.#some(path, versions)) {
      version.destroyed = true;
      version.data = {};
    }
  }

  /** Versions and metadata; numbering begins anew. */
  forget(path: string): void {
    this.#entries.delete(path);
  }

  /** Names directly below a folder, folders with a slash at the end. */
  list(folder: string): readonly string[] {
    const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
    const below = this.paths().filter((path) => path.startsWith(prefix));
    return [...new Set(below.map((path) => path.slice(prefix.length).replace(/\/.*$/, '/')))].sort();
  }

  #some(path: string, versions: readonly number[]): readonly Version[] {
    return versions.flatMap((number) => this.#entries.get(path)?.versions.get(number) ?? []);
  }

  /** The shorter of the mount's and the path's `delete_version_after`. */
  #end(entry: Entry, from: number, fromText: string): { deletedAt: number | undefined; deletion: string } {
    const lifetimes = [this.config.deleteAfterMs, entry.deleteAfterMs].filter((ms) => ms > 0);
    if (this.config.deleteAfterMs < 0 || lifetimes.length === 0) return { deletedAt: undefined, deletion: '' };
    const lifetime = Math.min(...lifetimes);
    return { deletedAt: from + lifetime, deletion: timeAfter(fromText, lifetime) };
  }

  #forgetOld(entry: Entry): void {
    const kept = Math.max(entry.maxVersions, this.config.maxVersions) || DEFAULT_MAX_VERSIONS;
    for (const number of entry.versions.keys()) if (number <= entry.current - kept) entry.versions.delete(number);
    if (entry.current - entry.oldest >= kept) entry.oldest = entry.current - kept + 1;
  }
}

/** RFC 7396: `null` removes, objects are merged, everything else replaces. */
export function mergePatch(target: unknown, patch: JsonObject): JsonObject {
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergePatch(merged[key], value) : value;
  }
  return merged;
}
