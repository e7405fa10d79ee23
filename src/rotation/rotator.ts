import type { Problem } from './errors.ts';
import type { Outcome } from './outcome.ts';

/** What a person or another program asked for, on top of what is due. */
export interface OperatorRequest {
  readonly rotate: boolean;
  /** Codes of refusals that the person lifts for this one pass. */
  readonly despite: readonly string[];
  /** The current credential was reported leaked: then more may live beside it than usual. */
  readonly leaked?: boolean;
}

/**
 * The heart as the scheduler and the commands see it. Neither method throws: whatever goes wrong is in the outcome.
 * Both may run for many applications at once, but never twice at once for the same one.
 */
export interface Rotator {
  /**
   * Looks at many applications without acting: reads their records, then asks each instance for its list **once**.
   * `nextAt` of an outcome is when something is to be done; what is at or before now wants a `pass`.
   * `pace` is awaited before each record is read.
   */
  survey(applications: readonly string[], pace: () => Promise<void>): Promise<readonly Outcome[]>;
  /** Whether a `pass` would find a list that is still valid for what it knows of this application. */
  isSurveyed(application: string): boolean;
  /** Reads the record anew, decides, and carries out at most one decision. */
  pass(application: string, request?: OperatorRequest): Promise<Outcome>;
}

/** How an application stands, and what would keep a credential from being issued for it now. */
export interface Examination {
  readonly outcome: Outcome;
  readonly unmet: readonly Problem[];
}

/** How a process ends: what was begun and cannot be left is brought to its end, and nothing else is begun. */
export interface Stoppable {
  /** From now on nothing is carried out any more. Resolves once what is being carried out has ended; each has its bound. */
  quiesce(): Promise<void>;
  /** The applications for which something is being carried out right now. */
  readonly acting: readonly string[];
  /** Resolves once what is being carried out for this application right now, if anything, has ended. */
  ended(application: string): Promise<void>;
}

/**
 * What a person has put into a record, so that every replica obeys it from then on:
 * - `hold`: no scheduled rotation and no revocation until then. Times are Unix ms.
 * - `release`: the end of that.
 * - `shorten`: a stray or superseded credential is revoked once so many ms are over, however long its grace was.
 * - `retire`: the application goes out of service: its fields leave the secret, and what is ours of it gets its grace.
 */
export type Amendment =
  | { readonly amend: 'hold'; readonly until: number; readonly by: string; readonly why: string }
  | { readonly amend: 'release' }
  | { readonly amend: 'shorten'; readonly instance: string; readonly credentialId: string; readonly graceMs: number }
  | { readonly amend: 'retire' };

/** How an amendment ended. */
export interface Amending {
  /** How the application stands now; its trouble is what stood against the amendment, or stands in its way besides. */
  readonly outcome: Outcome;
  /** Whether the record certainly says so now. */
  readonly stands: boolean;
}

/** Puts into records what people want of every replica. */
export interface Amender {
  /**
   * Reads the record anew and writes the amendment into it; what it says already is not written again. Throws nothing.
   * Never at the same time as a pass of the same application.
   */
  amend(application: string, amendment: Amendment): Promise<Amending>;
}

export interface Examiner {
  /** Looks at one application as a pass would, and at every condition before an issue. Touches nothing, throws nothing. */
  examine(application: string): Promise<Examination>;
}
