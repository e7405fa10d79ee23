import { invalid, type JsonObject, nothing, type Reply, tokenMissing } from './answers.ts';
import { DEFAULT_TTL_MS, unsupported } from './auth-roles.ts';
import type { Backend, VaultRequest } from './backend.ts';
import { parseDuration } from './times.ts';
import type { Token, TokenStore, TokenWish } from './tokens.ts';

/** `auth/token`. */
export class TokenAuth implements Backend {
  readonly type = 'token';
  readonly options = null;
  readonly #tokens: TokenStore;

  constructor(tokens: TokenStore) {
    this.#tokens = tokens;
  }

  handle({ path, body, token }: VaultRequest): Reply {
    if (token === undefined) return tokenMissing;
    switch (path) {
      case 'lookup-self':
        return { data: this.#tokens.view(token) };
      case 'renew-self':
        return this.#renew(token, parseDuration(body['increment']));
      case 'revoke-self':
        this.#tokens.revoke(token.id);
        return nothing;
      case 'create':
        return { auth: this.#tokens.auth(this.#tokens.create(wishOf(body))) };
      default:
        return unsupported;
    }
  }

  exists(): boolean {
    return true;
  }

  isOpen(): boolean {
    return false;
  }

  #renew(token: Token, incrementMs: number | undefined): Reply {
    if (!token.renewable) return invalid('lease is not renewable');
    this.#tokens.renew(token, incrementMs);
    return { auth: this.#tokens.auth(token) };
  }
}

function wishOf(body: JsonObject): TokenWish {
  const policies = Array.isArray(body['policies']) ? body['policies'].map(String) : ['root'];
  const isRoot = policies.includes('root');
  return {
    policies: isRoot || body['no_default_policy'] ? policies : ['default', ...policies],
    ttlMs: parseDuration(body['ttl']) || (isRoot ? 0 : DEFAULT_TTL_MS),
    maxTtlMs: parseDuration(body['explicit_max_ttl']) ?? 0,
    renewable: body['renewable'] !== false,
  };
}
