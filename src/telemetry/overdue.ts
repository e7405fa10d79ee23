import type { Report } from '../rotation/events.ts';
import type { Board } from './board.ts';
import type { ApplicationState } from './board-entry.ts';

/** In seconds: what is late by less may only be waiting for its turn. */
const LATE_AFTER_S = 3_600;

/** In these nothing that was planned makes it wait: no hold. */
const LATE_STATES: ReadonlySet<ApplicationState> = new Set(['overdue', 'failing', 'blocked', 'refused']);

/** Reports each application that is late with its rotation by an hour, once until that is over. */
export class OverdueWatch {
  readonly #board: Board;
  readonly #report: Report;
  readonly #late = new Set<string>();

  constructor(board: Board, report: Report) {
    this.#board = board;
    this.#report = report;
  }

  /** To be called every now and then. `now`: Unix ms. */
  look(now: number): void {
    for (const entry of this.#board.each(now)) {
      const { application, issuer, trouble, state, overdueSeconds } = entry;
      const isLate = overdueSeconds >= LATE_AFTER_S && LATE_STATES.has(state);
      if (!isLate) this.#late.delete(application);
      if (!isLate || this.#late.has(application)) continue;
      this.#late.add(application);
      const { code, reason, remedy } = trouble ?? WAITING;
      this.#report({ event: 'application.overdue', application, issuer, code, reason, remedy });
    }
  }
}

const WAITING = {
  code: 'overdue',
  reason: 'it has been due for an hour',
  remedy: 'rekeyd rotate tries it now and says what is in the way.',
};
