import type { Secret } from '../policy/secret.ts';

/**
 * The edges of a rotation. Every method may be called at any time by any number of passes at once, ends by itself
 * within the adapter's own time-out, and fails with `PortError` only. No adapter repeats a call that writes.
 * Times are Unix milliseconds.
 */

/** Issues and revokes credentials on one instance. */
export interface Issuer {
  /** Its name in the policy. */
  readonly name: string;
  readonly instance: string;
  /**
   * Makes a new credential. Not idempotent: an `ambiguous` failure may have left one behind, which later shows in
   * `list` under this description. Returns the description as the issuer stored it, for the caller to compare.
   */
  issue(description: string): Promise<IssuedCredential>;
  /** All credentials of the instance, whoever made them. Secrets are dropped while parsing. */
  list(): Promise<readonly ListedCredential[]>;
  /** Irreversible. A credential that is already gone is a success. */
  revoke(credentialId: string): Promise<void>;
}

export interface ListedCredential {
  readonly id: string;
  readonly accessKeyId: string;
  readonly description: string;
  /** By the issuer's clock; for people only, no decision rests on it. `undefined` where the issuer does not say. */
  readonly createdAt: number | undefined;
}

export interface IssuedCredential extends ListedCredential {
  readonly secretAccessKey: Secret;
}

/** A pair that signs S3 requests. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

export interface S3Target {
  readonly endpoint: string;
  readonly region: string;
}

/** What S3 said to a signed request. Only `unknown-key` says that the credential does not exist. */
export type Verdict =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      readonly why: 'unknown-key' | 'wrong-signature' | 'denied' | 'clock-skew' | 'no-such-bucket' | 'other';
      /** S3's own code or words, without secrets. */
      readonly detail: string;
    };

/** Tries credentials where they are meant to work. */
export interface Verifier {
  /** One ListBuckets and one HeadBucket per bucket with exactly this pair. Throws when there was no S3 answer at all. */
  probe(pair: KeyPair, target: S3Target, buckets: readonly string[]): Promise<Verdict>;
  /** Returns when the endpoint answers HTTP at all (a 4xx is an answer, a 5xx is not); throws `PortError` otherwise. */
  reach(target: S3Target): Promise<void>;
}

/** The fields of one version of a secret. */
export type SecretData = Readonly<Record<string, unknown>>;

/**
 * What stands at a path. `version` is what the next write must compare with (0: never had a version).
 * - `absent`: never existed.
 * - `present`: the newest version, readable.
 * - `deleted`: the newest version was deleted or destroyed by somebody.
 * - `expired`: the newest version ran out by the mount's or path's `delete_version_after`.
 */
export type StoredSecret = { readonly version: number; readonly serverTime: number } & (
  | { readonly state: 'absent' | 'deleted' | 'expired' }
  | {
      readonly state: 'present';
      readonly createdAt: number;
      /** When `delete_version_after` will delete this version. */
      readonly expiresAt?: number;
      readonly data: Secret<SecretData>;
    }
);

export interface WrittenSecret {
  readonly version: number;
  /** When `delete_version_after` will delete this version. */
  readonly expiresAt?: number;
}

/** What the store says of a path before anything is issued for it. */
export interface StoreStanding {
  /** `unknown`: the store would not say (no such mount, or no right to look). */
  readonly mount: 'kv-v2' | 'kv-v1' | 'other' | 'unknown';
  /** `unproven`: a namespace is configured but the server does not show that it exists. */
  readonly namespace: 'none' | 'proven' | 'unproven';
  /** What the token may do at the path: `create`, `update`, `read`, … */
  readonly capabilities: ReadonlySet<string>;
  /** How long the token still lives, after the renewal or login that this call may have made; Infinity: for ever. */
  readonly tokenTtlMs: number;
  /** `delete_version_after` in force at the path; Infinity: none; undefined: the token may not see it. */
  readonly lifetimeMs: number | undefined;
}

/** Keeps the applications' secrets, one versioned path each. */
export interface SecretStore {
  /**
   * What makes a path here differ from the same path elsewhere; part of every marker. 8 hex digits. May be answered
   * from memory for some minutes, unless `anew`: the address may lead to another Vault by now.
   */
  place(path: string, anew?: boolean): Promise<string>;
  read(path: string): Promise<StoredSecret>;
  /**
   * Writes a whole new version, only if the newest is still `version` (0: none ever). Returns what the server said;
   * whether that counts as written is for the caller to judge. A failed comparison is `rejected` with code `conflict`.
   */
  write(path: string, data: Secret<SecretData>, version: number): Promise<WrittenSecret>;
  /** Renews the token or logs in again where it would not live for `neededMs`, then tells how things stand. */
  standing(path: string, neededMs: number): Promise<StoreStanding>;
  /** Writes string values for people beside the secret (merged, each at most 512 bytes). Never read back. */
  annotate(path: string, values: Readonly<Record<string, string>>): Promise<void>;
}

export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** `bytes` random bytes as lower-case hex. */
export type RandomHex = (bytes: number) => string;
