import type { Problem } from './errors.ts';
import type { Outcome } from './outcome.ts';

/** What a person or another program asked for, on top of what is due. */
export interface OperatorRequest {
  readonly rotate: boolean;
  /** Codes of refusals that the person lifts for this one pass. */
  readonly despite: readonly string[];
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
}

export interface Examiner {
  /** Looks at one application as a pass would, and at every condition before an issue. Touches nothing, throws nothing. */
  examine(application: string): Promise<Examination>;
}
