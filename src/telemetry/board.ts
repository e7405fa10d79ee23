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
  /** In ms; how long a superseded credential lives on by the policy. */
  readonly graceMs?: number;
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

/** What the board needs to know of an application of the policy. */
export type BoardPolicy = Pick<ApplicationPolicy, 'issuer' | 'path'> & Partial<Pick<ApplicationPolicy, 'graceMs'>>;

/** Hears of each application that may show differently now; `undefined`: of all of them, the policy has others. */
export type BoardListener = (application: string | undefined) => void;

interface Line {
  policy: BoardPolicy;
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

/** Refusals that a person brought about on purpose: nobody is called for them. */
export const MEANT: ReadonlySet<string> = new Set(['retired']);

/** A rotation that is due is begun within the spread; only what is late by more than this, in ms, is called overdue. */
const OVERDUE_AFTER_MS = 60_000;

/**
 * The newest that is known of every application of the policy: what status, metrics and the API show. Reports what
 * begins and ends from one outcome to the next: a refusal, a notice, a recovery.
 */
export class Board {
  #lines: ReadonlyMap<string, Line> = new Map();
  readonly #report: Report;
  readonly #listeners = new Set<BoardListener>();

  constructor(applications: ReadonlyMap<string, BoardPolicy>, report: Report = () => {}) {
    this.govern(applications);
    this.#report = report;
  }

  /** Shows these applications from now on; what is known of those that stay where they were is kept. */
  govern(applications: ReadonlyMap<string, BoardPolicy>): void {
    const lineOf = (name: string, policy: BoardPolicy): Line => {
      const line = this.#lines.get(name);
      if (line?.policy.issuer !== policy.issuer || line.policy.path !== policy.path) return newLine(policy);
      line.policy = policy;
      return line;
    };
    this.#lines = new Map([...applications].map(([name, policy]) => [name, lineOf(name, policy)]));
    this.#tell(undefined);
  }

  /** Tells of every change from now on, right when it happens. What it returns ends that. */
  onChange(listener: BoardListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(application: string | undefined): void {
    for (const listener of this.#listeners) listener(application);
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
    this.#tell(outcome.application);
  }

  /** Takes an event: between its start and its outcome a rotation is under way. */
  follow(event: RotationEvent): void {
    const line = this.#lines.get(event.application);
    if (!line) return;
    if (event.event === 'rotation.started') line.isRotating = true;
    this.#tell(event.application);
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
      const event = MEANT.has(trouble.code) ? 'application.out_of_service' : 'application.refused';
      this.#report({ event, ...about, ...wordsOf(trouble) });
    }
    const known = new Set(before.notices.map(({ code }) => code));
    for (const notice of outcome.notices) {
      if (!known.has(notice.code)) this.#report({ event: 'application.notice', ...about, ...wordsOf(notice) });
    }
  }

  /** How many applications the policy has. */
  get size(): number {
    return this.#lines.size;
  }

  has(application: string): boolean {
    return this.#lines.has(application);
  }

  /** All applications, in the policy's order. */
  names(): IterableIterator<string> {
    return this.#lines.keys();
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
    return [...this.each(now)];
  }

  /** The same one by one, for who keeps none of them. */
  *each(now: number): IterableIterator<BoardEntry> {
    for (const [application, line] of this.#lines) yield entryOf(application, line, now);
  }
}

function newLine(policy: BoardPolicy): Line {
  return { policy, streak: NO_FAILURES, isRotating: false };
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
    ...(line.policy.graceMs !== undefined && { graceMs: line.policy.graceMs }),
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
