import type { Problem } from '../rotation/errors.ts';
import type { Report, RotationEvent } from '../rotation/events.ts';
import type { Outcome, Trouble } from '../rotation/outcome.ts';
import { type ApplicationState, type BoardEntry, type BoardPolicy, isMeant } from './board-entry.ts';
import { type BoardLine, entryOf, newLine, noteOutcome, stateOf } from './board-line.ts';

/** Hears of each application that may show differently now; `undefined`: of all of them, the policy has others. */
export type BoardListener = (application: string | undefined) => void;

/**
 * The newest that is known of every application of the policy: what status, metrics and the API show. Reports what
 * begins and ends from one outcome to the next: a refusal, a notice, a recovery.
 */
export class Board {
  #lines: ReadonlyMap<string, BoardLine> = new Map();
  readonly #report: Report;
  readonly #listeners = new Set<BoardListener>();

  constructor(applications: ReadonlyMap<string, BoardPolicy>, report: Report = () => {}) {
    this.govern(applications);
    this.#report = report;
  }

  /** Shows these applications from now on; what is known of those that stay where they were is kept. */
  govern(applications: ReadonlyMap<string, BoardPolicy>): void {
    const lineOf = (name: string, policy: BoardPolicy): BoardLine => {
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
    noteOutcome(line, outcome, now, nextAt);
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
    line: BoardLine,
    outcome: Outcome,
    before: { trouble: Trouble | undefined; notices: readonly Problem[] },
  ): void {
    const about = { application: outcome.application, issuer: line.policy.issuer };
    const { trouble } = line;
    if (before.trouble && !trouble) this.#report({ event: 'application.recovered', ...about });
    if (trouble?.kind === 'refused' && before.trouble?.code !== trouble.code) {
      const event = isMeant(trouble) ? 'application.out_of_service' : 'application.refused';
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

function wordsOf({ code, reason, remedy }: Problem): Problem {
  return { code, reason, remedy };
}
