import type { RandomHex } from '../../rotation/ports.ts';
import { uuid } from '../uuid.ts';
import { invalid, type JsonObject, notFound, nothing, type Reply } from './answers.ts';
import { login, type RoleRights, unsupported } from './auth-roles.ts';
import type { Backend, VaultRequest } from './backend.ts';
import { parseDuration } from './times.ts';
import type { TokenStore } from './tokens.ts';

interface Role {
  readonly rights: RoleRights;
  readonly roleId: string;
  readonly secretIds: Set<string>;
}

/** `auth/approle`: roles with an id each and any number of secret ids. */
export class AppRole implements Backend {
  readonly type = 'approle';
  readonly options = null;
  readonly #roles = new Map<string, Role>();
  readonly #tokens: TokenStore;
  readonly #random: RandomHex;

  constructor(tokens: TokenStore, random: RandomHex) {
    this.#tokens = tokens;
    this.#random = random;
  }

  /** Makes or changes a role; returns its role id. */
  setRole(name: string, rights: RoleRights): string {
    const known = this.#roles.get(name);
    const roleId = known?.roleId ?? uuid(this.#random);
    this.#roles.set(name, { rights, roleId, secretIds: known?.secretIds ?? new Set() });
    return roleId;
  }

  /** Throws where there is no such role. */
  addSecretId(name: string): string {
    const role = this.#roles.get(name);
    if (role === undefined) throw new Error(`no role ${name}: set it first`);
    const secretId = uuid(this.#random);
    role.secretIds.add(secretId);
    return secretId;
  }

  removeSecretId(secretId: string): void {
    for (const role of this.#roles.values()) role.secretIds.delete(secretId);
  }

  handle({ operation, path, body }: VaultRequest): Reply {
    if (path === 'login') return this.#login(body);
    const [, name = '', part] = /^role\/([^/]+)(?:\/(role-id|secret-id))?$/.exec(path) ?? [];
    if (name === '') return unsupported;
    if (part === undefined && operation === 'write') {
      this.setRole(name, rightsOf(body));
      return nothing;
    }
    const role = this.#roles.get(name);
    if (part === 'secret-id') {
      if (role === undefined) return { status: 404, errors: [`role "${name}" does not exist`] };
      return { data: { secret_id: this.addSecretId(name), secret_id_num_uses: 0, secret_id_ttl: 0 } };
    }
    return role === undefined ? notFound : { data: part ? { role_id: role.roleId } : roleOut(role) };
  }

  exists(path: string): boolean {
    const name = /^role\/([^/]+)$/.exec(path)?.[1];
    return name === undefined || this.#roles.has(name);
  }

  isOpen(path: string): boolean {
    return path === 'login';
  }

  #login(body: JsonObject): Reply {
    if (!body['role_id']) return invalid('missing role_id');
    if (!body['secret_id']) return invalid('missing secret_id');
    const found = [...this.#roles].find(([, role]) => role.roleId === body['role_id']);
    if (!found?.[1].secretIds.has(String(body['secret_id']))) return invalid('invalid role or secret ID');
    const meta = { role_name: found[0] };
    return login(this.#tokens, found[1].rights, { displayName: 'approle', path: 'auth/approle/login', meta });
  }
}

function rightsOf(body: JsonObject): RoleRights {
  const list = body['token_policies'];
  const policies = Array.isArray(list) ? list.map(String) : String(list ?? '').split(',');
  return {
    policies: policies.map((name) => name.trim()).filter(Boolean),
    ttlMs: parseDuration(body['token_ttl']) ?? 0,
    maxTtlMs: parseDuration(body['token_max_ttl']) ?? 0,
  };
}

const roleOut = ({ rights }: Role): JsonObject => ({
  token_policies: rights.policies,
  token_ttl: (rights.ttlMs ?? 0) / 1000,
  token_max_ttl: (rights.maxTtlMs ?? 0) / 1000,
});
