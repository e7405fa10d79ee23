/**
 * What a failed call means for the world on the other side:
 * - `rejected`: a definite no; nothing was done.
 * - `unavailable`: definitely not done (no byte was sent, 429, or Vault's own "sealed"). The only kind that may be
 *   tried again in place.
 * - `ambiguous`: it may have been done, or may yet be. Treated exactly like a crash: leave it, look again later.
 */
export type FailureKind = 'rejected' | 'unavailable' | 'ambiguous';

/** What stands in the way, in words for a person: a stable code, the reason, and the way out. Never a secret. */
export interface Problem {
  readonly code: string;
  readonly reason: string;
  readonly remedy: string;
}

export interface PortErrorDetails extends Problem {
  readonly kind: FailureKind;
  /** What was attempted on what, as in `create a credential on os-ab123`. */
  readonly attempted: string;
  /** Whether it would have failed for every application (`server`) or is about this one request (`request`). */
  readonly concerns: 'server' | 'request';
  /** Milliseconds after which the server asked to be called again. */
  readonly retryAfterMs?: number;
}

/** The only error that crosses a port. `message` is complete in itself and holds no secret. */
export class PortError extends Error {
  override readonly name = 'PortError';
  readonly kind: FailureKind;
  readonly code: string;
  readonly attempted: string;
  readonly reason: string;
  readonly remedy: string;
  readonly concerns: 'server' | 'request';
  readonly retryAfterMs: number | undefined;

  constructor(details: PortErrorDetails) {
    super(`could not ${details.attempted}: ${details.reason}`);
    this.kind = details.kind;
    this.code = details.code;
    this.attempted = details.attempted;
    this.reason = details.reason;
    this.remedy = details.remedy;
    this.concerns = details.concerns;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The problem that an error stands for. What is no `PortError` is a defect of ours and says only its name. */
export function problemOf(error: unknown): Problem {
  if (error instanceof PortError) return { code: error.code, reason: error.message, remedy: error.remedy };
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: 'internal-error',
    reason: `an unexpected ${name} inside rekeyd`,
    remedy: 'Please report it with the log at level debug; rekeyd left everything as it was and tries again.',
  };
}

/** An attempt or a look that went wrong, as the trouble of its application. */
export function troubleOf(error: unknown): Problem & { readonly kind: 'failed'; readonly retryAfterMs?: number } {
  const retryAfterMs = error instanceof PortError ? error.retryAfterMs : undefined;
  return { kind: 'failed', ...problemOf(error), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
