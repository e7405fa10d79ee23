import { type JsonObject, notFound, nothing, type Reply } from './answers.ts';
import { unsupported } from './auth-roles.ts';
import type { Backend, VaultRequest } from './backend.ts';

const LEASE_SECONDS = 2_764_800;

/** The engine without versions: to it `data/…` is a name like any other, and every write is taken. */
export class Kv1 implements Backend {
  readonly type = 'kv';
  readonly options = { version: '1' };
  readonly #secrets = new Map<string, JsonObject>();

  handle({ operation, path, body }: VaultRequest): Reply {
    const secret = this.#secrets.get(path);
    switch (operation) {
      case 'read':
        return secret === undefined ? notFound : { data: secret, leaseSeconds: LEASE_SECONDS };
      case 'list':
        return { data: { keys: [...this.#secrets.keys()].filter((key) => key.startsWith(path)) } };
      case 'write':
        this.#secrets.set(path, body);
        return nothing;
      case 'delete':
        this.#secrets.delete(path);
        return nothing;
      case 'patch':
        return unsupported;
    }
  }

  exists(path: string): boolean {
    return this.#secrets.has(path);
  }

  isOpen(): boolean {
    return false;
  }
}
