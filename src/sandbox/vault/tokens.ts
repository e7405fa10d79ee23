import type { Clock, RandomHex } from '../../rotation/ports.ts';
import type { JsonObject } from './answers.ts';

/** Vault's own limit where a role names none: 768 hours. */
const SYSTEM_MAX_TTL_MS = 768 * 3_600_000;

export interface TokenWish {
  readonly policies: readonly string[];
  /** 0: for ever. */
  readonly ttlMs: number;
  /** 0: the system's. */
  readonly maxTtlMs?: number;
  readonly renewable?: boolean;
  readonly displayName?: string;
  /** Where it was made. */
  readonly path?: string;
  readonly meta?: JsonObject | null;
}

export interface Token {
  readonly id: string;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  readonly renewable: boolean;
  readonly displayName: string;
  readonly path: string;
  readonly meta: JsonObject | null;
  readonly createdAt: number;
  /** Unix ms; null: never. */
  expiresAt: number | null;
}

export class TokenStore {
  readonly #tokens = new Map<string, Token>();
  readonly #clock: Clock;
  readonly #random: RandomHex;

  constructor(clock: Clock, random: RandomHex) {
    this.#clock = clock;
    this.#random = random;
  }

  create(wish: TokenWish): Token {
    const now = this.#clock.now();
    const maxTtlMs = wish.maxTtlMs || SYSTEM_MAX_TTL_MS;
    const token: Token = {
      id: `hvs.${this.#random(24)}`,
      accessor: this.#random(12),
      policies: [...new Set(wish.policies)].sort(),
      ttlMs: wish.ttlMs,
      maxTtlMs,
      renewable: wish.ttlMs > 0 && (wish.renewable ?? true),
      displayName: wish.displayName ?? 'token',
      path: wish.path ?? 'auth/token/create',
      meta: wish.meta ?? null,
      createdAt: now,
      expiresAt: wish.ttlMs === 0 ? null : now + Math.min(wish.ttlMs, maxTtlMs),
    };
    this.#tokens.set(token.id, token);
    return token;
  }

  /** A token that is alive. */
  find(id: string): Token | undefined {
    const token = this.#tokens.get(id);
    return token !== undefined && this.ttlMs(token) > 0 ? token : undefined;
  }

  /** Infinity for one that lives for ever. */
  ttlMs(token: Token): number {
    return token.expiresAt === null ? Number.POSITIVE_INFINITY : token.expiresAt - this.#clock.now();
  }

  /** Lives on for `incrementMs` (its first ttl when missing), but never beyond its greatest age. */
  renew(token: Token, incrementMs: number | undefined): void {
    const end = token.createdAt + token.maxTtlMs;
    token.expiresAt = Math.min(this.#clock.now() + (incrementMs || token.ttlMs), end);
  }

  revoke(id: string): void {
    this.#tokens.delete(id);
  }

  /** As if everybody's lease ran out: the next request of each is refused. */
  revokeAll(): void {
    for (const token of this.#tokens.values()) if (!token.policies.includes('root')) this.#tokens.delete(token.id);
  }

  /** As Vault shows a token to its holder. */
  view(token: Token): JsonObject {
    const seconds = (ms: number) => Math.floor(ms / 1000);
    return {
      accessor: token.accessor,
      creation_time: seconds(token.createdAt),
      creation_ttl: seconds(token.ttlMs),
      display_name: token.displayName,
      entity_id: '',
      expire_time: token.expiresAt === null ? null : new Date(token.expiresAt).toISOString(),
      explicit_max_ttl: 0,
      id: token.id,
      issue_time: new Date(token.createdAt).toISOString(),
      meta: token.meta,
      num_uses: 0,
      orphan: true,
      path: token.path,
      policies: token.policies,
      renewable: token.renewable,
      ttl: token.expiresAt === null ? 0 : seconds(this.ttlMs(token)),
      type: 'service',
    };
  }

  /** As Vault answers a login or a renewal. */
  auth(token: Token): JsonObject {
    return {
      client_token: token.id,
      accessor: token.accessor,
      policies: token.policies,
      token_policies: token.policies,
      metadata: token.meta,
      lease_duration: token.expiresAt === null ? 0 : Math.ceil(this.ttlMs(token) / 1000),
      renewable: token.renewable,
      entity_id: '',
      token_type: 'service',
      orphan: true,
      mfa_requirement: null,
      num_uses: 0,
    };
  }
}
