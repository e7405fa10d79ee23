import type { Problem } from './errors.ts';

/** What a pass did to an application. */
export type Did =
  | 'nothing'
  | 'rotated'
  | 'adopted'
  | 'republished'
  | 'entered-strays'
  | 'revoked'
  | 'renewed'
  | 'rescheduled'
  | 'amended';

/**
 * - `refused`: something about the path is not as rekeyd left it; nothing is touched until a person decides.
 * - `blocked`: a condition before an issue does not hold; nothing was issued.
 * - `failed`: an attempt or a look went wrong; it is tried again with a growing pause.
 */
export type Trouble = Problem & {
  readonly kind: 'refused' | 'blocked' | 'failed';
  /** Milliseconds after which the server that failed asked to be called again; no earlier try makes sense. */
  readonly retryAfterMs?: number;
};

/** One credential of an application's past that still lives or may live. */
export interface SupersededView {
  readonly credentialId: string;
  readonly accessKeyId: string;
  readonly instance: string;
  /** Unix ms; null: only a person revokes it. */
  readonly revokeAt: number | null;
  readonly why: string;
}

/** How an application stands, for status, metrics and the page. Nothing secret in it. Times are Unix ms. */
export interface ApplicationView {
  readonly application: string;
  readonly issuer: string;
  readonly path: string;
  readonly generation?: number;
  /** The record was written for another owner, application or place: what it names is not this application's. */
  readonly isOfAnother?: boolean;
  readonly current?: {
    readonly credentialId: string;
    readonly accessKeyId: string;
    readonly instance: string;
    readonly issuedAt: number;
    readonly publishedAt: number;
    readonly adopted: boolean;
  };
  readonly rotateAt?: number;
  readonly superseded: readonly SupersededView[];
  /** Strays that stand in no record yet, but for those that an attempt may still be busy with. */
  readonly strays: number;
  readonly hold?: { readonly until: number; readonly by: string; readonly why: string };
}

/** What a decision would do to an application. */
export type DeedName = 'enter-strays' | 'revoke' | 'renew' | 'adopt' | 'rotate' | 'republish' | 'reschedule';

/** The end of one pass over one application. */
export interface Outcome {
  readonly application: string;
  readonly did: Did;
  /** What went wrong, or else what is to be done next; absent where nothing is, or not even a look succeeded. */
  readonly deed?: DeedName;
  readonly trouble?: Trouble;
  /** Conditions worth a person's eye that stop nothing by themselves. */
  readonly notices: readonly Problem[];
  /** What is known of it now; absent when it could not even be looked at. */
  readonly view?: ApplicationView;
  /** Why it should be looked at again, and when (Unix ms). A changed record or list asks for `now`. */
  readonly nextAt: number;
  /** In words: what happens at `nextAt`. */
  readonly next: string;
}

/**
 * The end of a look or pass that went wrong before anything was known of the application; to be tried again from `now`
 * (Unix ms) on. `problem`: what `troubleOf` says of an error, or a problem of one's own.
 */
export function failedOutcome(application: string, problem: Omit<Trouble, 'kind'>, now: number): Outcome {
  const trouble = { ...problem, kind: 'failed' } as const;
  return { application, did: 'nothing', trouble, notices: [], nextAt: now, next: 'try again' };
}

/** Whether it ended in a trouble that is tried again with a growing pause. */
export function hasFailed(outcome: Outcome): boolean {
  return outcome.trouble?.kind === 'failed' || outcome.trouble?.kind === 'blocked';
}

/** Nothing was done, nothing stood in the way, and something is to be done now. */
export function isFruitless(outcome: Outcome, now: number): boolean {
  return outcome.did === 'nothing' && outcome.trouble === undefined && outcome.nextAt <= now;
}

/** Failures in a row, and at what. */
export interface Streak {
  readonly count: number;
  /** What failed last; absent where it was a look. */
  readonly deed?: DeedName;
}

export const NO_FAILURES: Streak = { count: 0 };

/**
 * The streak after one more outcome. A mere look that finds work to do shows no recovery, nor does a pass after which
 * what failed is still to be done, be it when the window opens again: what failed was the doing of that.
 */
export function streakAfter(before: Streak, outcome: Outcome, now: number): Streak {
  const { deed } = outcome;
  if (hasFailed(outcome)) return { count: before.count + 1, ...(deed && { deed }) };
  if (outcome.trouble || before.count === 0) return NO_FAILURES;
  const isStillToBeDone = outcome.nextAt <= now && deed !== undefined && deed === before.deed;
  const isStillDue = before.deed === 'rotate' && isPastDue(outcome.view, now);
  return isFruitless(outcome, now) || isStillToBeDone || isStillDue ? before : NO_FAILURES;
}

/** Past its time of rotation, and not because a person holds it. `now`: Unix ms, like all times of a view. */
export function isPastDue(view: ApplicationView | undefined, now: number): boolean {
  return view?.rotateAt !== undefined && view.rotateAt <= now && (view.hold?.until ?? 0) <= now;
}

/** Whether something is to be done now that the pause after these failures is not for. */
export function isBeside(streak: Streak, outcome: Outcome): boolean {
  return streak.deed !== undefined && outcome.deed !== undefined && outcome.deed !== streak.deed;
}
