import { invalid, type Reply, tokenMissing } from './answers.ts';
import { login, type RoleRights, unsupported } from './auth-roles.ts';
import type { Backend, VaultRequest } from './backend.ts';
import type { TokenStore } from './tokens.ts';

/** `auth/kubernetes` and `auth/jwt`: a role and the one token that it accepts, set by the test. */
export class JwtAuth implements Backend {
  readonly options = null;
  readonly type: 'kubernetes' | 'jwt';
  readonly #roles = new Map<string, { readonly jwt: string; readonly rights: RoleRights }>();
  readonly #tokens: TokenStore;

  constructor(type: 'kubernetes' | 'jwt', tokens: TokenStore) {
    this.type = type;
    this.#tokens = tokens;
  }

  allow(role: string, jwt: string, rights: RoleRights): void {
    this.#roles.set(role, { jwt, rights });
  }

  handle({ path, body }: VaultRequest): Reply {
    if (path !== 'login') return unsupported;
    const name = String(body['role'] ?? '');
    const role = this.#roles.get(name);
    const isJwt = this.type === 'jwt';
    if (role === undefined) {
      return invalid(isJwt ? `role "${name}" could not be found` : `invalid role name "${name}"`);
    }
    if (role.jwt !== body['jwt']) {
      return isJwt ? invalid('error validating token: error verifying token signature') : tokenMissing;
    }
    const about = { displayName: `${this.type}-${name}`, path: `auth/${this.type}/login`, meta: { role: name } };
    return login(this.#tokens, role.rights, about);
  }

  exists(): boolean {
    return true;
  }

  isOpen(path: string): boolean {
    return path === 'login';
  }
}
