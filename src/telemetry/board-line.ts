import {
  type ApplicationView,
  hasFailed,
  isPastDue,
  NO_FAILURES,
  type Outcome,
  type Streak,
  streakAfter,
  type Trouble,
} from '../rotation/outcome.ts';
import type { ApplicationState, BoardEntry, BoardPolicy } from './board-entry.ts';

/** What the board remembers of one application. Times are Unix ms. */
export interface BoardLine {
  policy: BoardPolicy;
  outcome: Outcome | undefined;
  nextAt: number | undefined;
  view: ApplicationView | undefined;
  trouble: Trouble | undefined;
  troubleSince: number | undefined;
  streak: Streak;
  lastSuccessAt: number | undefined;
  seenAt: number | undefined;
  isRotating: boolean;
}

export function newLine(policy: BoardPolicy): BoardLine {
  return {
    policy,
    outcome: undefined,
    nextAt: undefined,
    view: undefined,
    trouble: undefined,
    troubleSince: undefined,
    streak: NO_FAILURES,
    lastSuccessAt: undefined,
    seenAt: undefined,
    isRotating: false,
  };
}

/** Takes in the end of a look or pass. `nextAt`: when the application is really looked at next; all times in Unix ms. */
export function noteOutcome(line: BoardLine, outcome: Outcome, now: number, nextAt: number): void {
  line.isRotating = false;
  line.outcome = outcome;
  line.nextAt = nextAt;
  line.seenAt = now;
  if (outcome.view) line.view = outcome.view;
  if (outcome.did !== 'nothing' && !outcome.trouble) line.lastSuccessAt = now;
  noteTrouble(line, outcome, now);
}

function noteTrouble(line: BoardLine, outcome: Outcome, now: number): void {
  line.streak = streakAfter(line.streak, outcome, now);
  if (line.streak.count > 0 && !hasFailed(outcome)) return;
  const isSame = line.trouble?.kind === outcome.trouble?.kind && line.trouble?.code === outcome.trouble?.code;
  if (!isSame) line.troubleSince = outcome.trouble && now;
  line.trouble = outcome.trouble;
}

/** A rotation that is due is begun within the spread; only what is late by more than this, in ms, is called overdue. */
const OVERDUE_AFTER_MS = 60_000;

const STATE_OF_TROUBLE = { refused: 'refused', blocked: 'blocked', failed: 'failing' } as const;

export function stateOf(line: BoardLine, now: number): ApplicationState {
  if (line.isRotating) return 'rotating';
  if (line.trouble) return STATE_OF_TROUBLE[line.trouble.kind];
  if (!line.view) return 'unknown';
  if (!line.view.current) return 'new';
  if (isLate(line, now)) return 'overdue';
  return hasGrace(line.view) ? 'in-grace' : 'current';
}

/** A window is no excuse: the time of rotation lies in it, so waiting for its next opening is being late. */
function isLate({ view }: BoardLine, now: number): boolean {
  return isPastDue(view, now) && isPastDue(view, now - OVERDUE_AFTER_MS);
}

/** Whether a superseded credential still lives that rekeyd will revoke by itself. */
function hasGrace(view: ApplicationView): boolean {
  return view.superseded.some(({ revokeAt }) => revokeAt !== null);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Member by member: overviews and metrics make one for each application, and what is spread is made twice. */
export function entryOf(application: string, line: BoardLine, now: number): BoardEntry {
  const { view, trouble, troubleSince, lastSuccessAt, seenAt, outcome } = line;
  const { issuer, path, graceMs } = line.policy;
  const late = view?.rotateAt === undefined ? 0 : now - view.rotateAt;
  const entry: Writable<BoardEntry> = {
    application,
    issuer,
    path,
    state: stateOf(line, now),
    failures: line.streak.count,
    overdueSeconds: Math.max(0, late / 1_000),
    notices: outcome?.notices ?? [],
  };
  if (graceMs !== undefined) entry.graceMs = graceMs;
  if (view) entry.view = view;
  if (trouble) entry.trouble = trouble;
  if (troubleSince !== undefined) entry.troubleSince = troubleSince;
  if (lastSuccessAt !== undefined) entry.lastSuccessAt = lastSuccessAt;
  if (seenAt !== undefined) entry.seenAt = seenAt;
  if (Number.isFinite(line.nextAt)) entry.nextAt = line.nextAt as number;
  if (outcome) entry.next = outcome.next;
  return entry;
}
