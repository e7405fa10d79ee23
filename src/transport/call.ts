import type { Secret } from '../policy/secret.ts';
import type { FailureKind } from '../rotation/errors.ts';

/** What is being tried, as far as the judgement of its failure needs it. */
export interface Attempt {
  /** What is attempted on what, as in `create a credential on os-ab123`: the beginning of every error's message. */
  readonly attempted: string;
  /** What the request carries that the server must not be quoted with, should it echo it. */
  readonly secrets?: readonly Secret[];
  /** What only this call's refusals mean; looked at before the server's own rules. */
  readonly rules?: readonly Rule[];
}

/** One request to a server. */
export interface Call extends Attempt {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Below the server's base URL, with its leading slash, already encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Statuses besides 2xx that are an answer to this call and no failure. */
  readonly alsoFine?: (status: number) => boolean;
}

/** An answer read to its end. */
export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What a refusal means. The first rule that fits decides. */
export interface Rule {
  /** `words`: the server's own words for it, whole; `body`: all that it answered. */
  readonly when: (status: number, words: string, body: string) => boolean;
  readonly code: string;
  readonly kind: FailureKind;
  readonly concerns: 'server' | 'request';
  /** What a person should do. */
  readonly remedy: string;
}

/** How one kind of server shows its troubles: all that the judgement needs to know of it. */
export interface Manner {
  /** What a person calls it: `Vault`. */
  readonly server: string;
  /** Begins the codes that every server has: `vault` makes `vault-unreachable`. */
  readonly prefix: string;
  readonly rules: readonly Rule[];
  /** The short text with which the server explains a refusal; empty where the body is not as it writes one. */
  readonly words: (body: string) => string;
}

/** A server of one kind, where it stands. */
export interface Site {
  readonly manner: Manner;
  /** As it may be shown to a person: no user or password in it. */
  readonly address: string;
}

/** Milliseconds. `connect` must be the smaller one: only then is a connection that never stood told from a late answer. */
export interface Timeouts {
  readonly connect: number;
  /** From the call to the last byte of its answer. */
  readonly answer: number;
}
