import { expect } from 'vitest';
import type { Fields, PlainVault, Said } from './vault-client.ts';

const NANOSECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

/** What Vault answers of a path that never was. */
export const NEVER = { status: 404, body: { errors: [] } };
/** What it answers to a write that compared with another version. */
export const CONFLICT = {
  status: 400,
  body: { errors: ['check-and-set parameter did not match the current version'] },
};
export const A_TIME: unknown = expect.stringMatching(NANOSECONDS);

/** A Vault with mounts that belong to one run of the suite, and the calls that most tests make. */
export class VaultScene {
  /** As root. */
  readonly vault: PlainVault;
  readonly unique: string;
  /** A KV v2 mount. */
  readonly kv: string;
  /** A KV v1 mount. */
  readonly kv1: string;
  #paths = 0;

  constructor(vault: PlainVault, unique: string) {
    this.vault = vault;
    this.unique = unique;
    this.kv = `kv2-${unique}`;
    this.kv1 = `kv1-${unique}`;
  }

  /** A path that no other test uses. */
  fresh(): string {
    this.#paths += 1;
    return `apps/p${this.#paths}`;
  }

  write(path: string, cas: number | undefined, data: object): Promise<Said> {
    return this.vault.put(`${this.kv}/data/${path}`, { ...(cas === undefined ? {} : { options: { cas } }), data });
  }

  read(path: string, query = ''): Promise<Said> {
    return this.vault.get(`${this.kv}/data/${path}${query}`);
  }

  /** A fresh path with one version. */
  async written(data: object = { a: 'b' }): Promise<string> {
    const path = this.fresh();
    expect((await this.write(path, 0, data)).status).toBe(200);
    return path;
  }
}

/** The metadata in the answer to a read. */
export function metadataOf(said: Said): Fields {
  return (said.body?.data?.['metadata'] ?? {}) as Fields;
}
