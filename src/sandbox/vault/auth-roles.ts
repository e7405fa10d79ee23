import type { Reply } from './answers.ts';
import type { TokenStore, TokenWish } from './tokens.ts';

/** What a role gives to who logs in with it. Durations are milliseconds; a missing ttl is Vault's own of 768 hours. */
export interface RoleRights {
  readonly policies: readonly string[];
  readonly ttlMs?: number;
  readonly maxTtlMs?: number;
}

export const DEFAULT_TTL_MS = 768 * 3_600_000;

export const unsupported: Reply = { status: 405, errors: ['1 error occurred:\n\t* unsupported operation\n\n'] };

/** The answer to a login: a new token with the role's rights and the policy that everybody has. */
export function login(
  tokens: TokenStore,
  rights: RoleRights,
  about: Pick<TokenWish, 'displayName' | 'path' | 'meta'>,
): Reply {
  const policies = ['default', ...rights.policies];
  return { auth: tokens.auth(tokens.create({ ...rights, ttlMs: rights.ttlMs || DEFAULT_TTL_MS, policies, ...about })) };
}
