import type { ApplicationPolicy } from '../policy/policy.ts';
import type { Problem } from '../rotation/errors.ts';
import type { Report, RotationEvent } from '../rotation/events.ts';
import {
  type ApplicationView,
  hasFailed,
  NO_FAILURES,
  type Outcome,
  type Streak,
  streakAfter,
  type Trouble,
} from '../rotation/outcome.ts';

/** How an application stands, in one word; the first that applies, from `rotating` over the troubles to `current`. */
export const STATES = [
  'rotating',
  'refused',
  'blocked',
  'failing',
  'unknown',
  'new',
  'overdue',
  'in-grace',
  'current',
] as const;
export type ApplicationState = (typeof STATES)[number];

/** What the board knows of one application. Times are Unix ms. Nothing secret in it. */
export interface BoardEntry {
  readonly application: string;
  readonly issuer: string;
  readonly path: string;
  readonly state: ApplicationState;
  readonly view?: ApplicationView;
  readonly trouble?: Trouble;
  /** When the trouble was first seen. */
  readonly troubleSince?: number;
  /** Failed or blocked passes in a row. */
  readonly failures: number;
  readonly notices: readonly Problem[];
  /** When a pass last did something. */
  readonly lastSuccessAt?: number;
  /** When it was last looked at. */
  readonly seenAt?: number;
  /** Seconds past its time of rotation; 0 while that lies ahead. */
  readonly overdueSeconds: number;
  /** When it is looked at next; absent where only the resync will. */
  readonly nextAt?: number;
  /** In words: what happens then. */
  readonly next?: string;
}

interface Line {
  readonly policy: Pick<ApplicationPolicy, 'issuer' | 'path'>;
  outcome?: Outcome;
  nextAt?: number;
  view?: ApplicationView;
  trouble?: Trouble;
  troubleSince?: number;
  streak: Streak;
  lastSuccessAt?: number;
  seenAt?: number;
  isRotating: boolean;
}

/** A rotation that is due is begun within the spread; only what is late by more than this, in ms, is called overdue. */
const OVERDUE_AFTER_MS = 60_000;

/**
 * The newest that is known of every application of the policy: what status, metrics and the API show. Reports what
 * begins and ends from one outcome to the next: a refusal, a notice, a recovery.
 */
export class Board {
  readonly #lines: ReadonlyMap<string, Line>;
  readonly #report: Report;

  constructor(
    applications: ReadonlyMap<string, Pick<ApplicationPolicy, 'issuer' | 'path'>>,
    report: Report = () => {},
  ) {
    const line = (policy: Line['policy']): Line => ({ policy, streak: NO_FAILURES, isRotating: false });
    this.#lines = new Map([...applications].map(([name, policy]) => [name, line(policy)]));
    this.#report = report;
  }

  /** Takes the end of a look or pass at `now`; `nextAt`: when the application is really looked at next (Unix ms). */
  record(outcome: Outcome, now: number, nextAt: number = outcome.nextAt): void {
    const line = this.#lines.get(outcome.application);
    if (!line) return;
    const before = { trouble: line.trouble, notices: line.outcome?.notices ?? [] };
    line.isRotating = false;
    line.outcome = outcome;
    line.nextAt = nextAt;
    line.seenAt = now;
    if (outcome.view) line.view = outcome.view;
    if (outcome.did !== 'nothing' && !outcome.trouble) line.lastSuccessAt = now;
    noteTrouble(line, outcome, now);
    this.#tellChanges(line, outcome, before);
  }

  /** Takes an event: between its start and its outcome a rotation is under way. */
  follow(event: RotationEvent): void {
    const line = this.#lines.get(event.application);
    if (line && event.event === 'rotation.started') line.isRotating = true;
  }

  #tellChanges(
    line: Line,
    outcome: Outcome,
    before: { trouble: Trouble | undefined; notices: readonly Problem[] },
  ): void {
    const about = { application: outcome.application, issuer: line.policy.issuer };
    const { trouble } = line;
    if (before.trouble && !trouble) this.#report({ event: 'application.recovered', ...about });
    if (trouble?.kind === 'refused' && before.trouble?.code !== trouble.code) {
      this.#report({ event: 'application.refused', ...about, ...wordsOf(trouble) });
    }
    const known = new Set(before.notices.map(({ code }) => code));
    for (const notice of outcome.notices) {
      if (!known.has(notice.code)) this.#report({ event: 'application.notice', ...about, ...wordsOf(notice) });
    }
  }

  state(application: string, now: number): ApplicationState {
    const line = this.#lines.get(application);
    return line ? stateOf(line, now) : 'unknown';
  }

  /** What is known of one application; undefined if the policy does not have it. */
  entry(application: string, now: number): BoardEntry | undefined {
    const line = this.#lines.get(application);
    return line && entryOf(application, line, now);
  }

  /** What is known of all applications, in the policy's order. */
  entries(now: number): readonly BoardEntry[] {
    return [...this.#lines].map(([application, line]) => entryOf(application, line, now));
  }
}

function wordsOf({ code, reason, remedy }: Problem): Problem {
  return { code, reason, remedy };
}

function noteTrouble(line: Line, outcome: Outcome, now: number): void {
  line.streak = streakAfter(line.streak, outcome, now);
  if (line.streak.count > 0 && !hasFailed(outcome)) return;
  const isSame = line.trouble?.kind === outcome.trouble?.kind && line.trouble?.code === outcome.trouble?.code;
  if (!isSame) setOrDelete(line, 'troubleSince', outcome.trouble && now);
  setOrDelete(line, 'trouble', outcome.trouble);
}

function setOrDelete<K extends 'trouble' | 'troubleSince'>(line: Line, key: K, value: Line[K] | undefined): void {
  if (value === undefined) delete line[key];
  else line[key] = value;
}

const STATE_OF_TROUBLE = { refused: 'refused', blocked: 'blocked', failed: 'failing' } as const;

function stateOf(line: Line, now: number): ApplicationState {
  if (line.isRotating) return 'rotating';
  if (line.trouble) return STATE_OF_TROUBLE[line.trouble.kind];
  if (!line.view) return 'unknown';
  if (!line.view.current) return 'new';
  if (isLate(line, now)) return 'overdue';
  return hasGrace(line.view) ? 'in-grace' : 'current';
}

/** Past its time, and not because a hold or a window makes it wait. */
function isLate(line: Line, now: number): boolean {
  const { view, outcome } = line;
  const waitsByPlan = outcome !== undefined && outcome.nextAt > now && outcome.notices.length === 0;
  return view?.rotateAt !== undefined && now - view.rotateAt > OVERDUE_AFTER_MS && !waitsByPlan;
}

/** Whether a superseded credential still lives that rekeyd will revoke by itself. */
function hasGrace(view: ApplicationView): boolean {
  return view.superseded.some(({ revokeAt }) => revokeAt !== null);
}

function entryOf(application: string, line: Line, now: number): BoardEntry {
  const { view, trouble, troubleSince, lastSuccessAt, seenAt, outcome } = line;
  const late = view?.rotateAt === undefined ? 0 : now - view.rotateAt;
  return {
    application,
    issuer: line.policy.issuer,
    path: line.policy.path,
    state: stateOf(line, now),
    failures: line.streak.count,
    overdueSeconds: Math.max(0, late / 1_000),
    notices: outcome?.notices ?? [],
    ...(view && { view }),
    ...(trouble && { trouble }),
    ...(troubleSince !== undefined && { troubleSince }),
    ...(lastSuccessAt !== undefined && { lastSuccessAt }),
    ...(seenAt !== undefined && { seenAt }),
    ...(Number.isFinite(line.nextAt) && { nextAt: line.nextAt as number }),
    ...(outcome && { next: outcome.next }),
  };
}
