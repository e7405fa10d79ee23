import type { WebhookEvent } from '../policy/webhook-events.ts';
import type { Notice } from './notice.ts';

const FAILURES: ReadonlySet<WebhookEvent> = new Set(['rotation.failed', 'rotation.blocked', 'pass.failed']);

export function isFailure({ event }: Notice): boolean {
  return FAILURES.has(event);
}

/** A notice, and how it stands in its application's trouble. */
export interface Placed {
  readonly notice: Notice;
  /** Failures in a row, this one included; 0: it is none, and ends none. */
  readonly attempts: number;
}

interface Streak {
  readonly since: number;
  readonly attempts: number;
}

/** How long each application has been in trouble, and how often it was tried: the summary when that is over. */
export class Streaks {
  readonly #streaks = new Map<string, Streak>();

  /** Takes what happened, in order. */
  place(notice: Notice): Placed {
    const { application, event } = notice;
    if (application === undefined) return { notice, attempts: 0 };
    if (event === 'application.recovered') return this.#end(application, notice);
    if (!isFailure(notice) && event !== 'application.refused') return { notice, attempts: 0 };
    const before = this.#streaks.get(application) ?? { since: notice.at, attempts: 0 };
    const attempts = before.attempts + (isFailure(notice) ? 1 : 0);
    this.#streaks.set(application, { since: before.since, attempts });
    if (!isFailure(notice)) return { notice, attempts: 0 };
    const summary = { attempts, since: new Date(before.since).toISOString() };
    return { notice: { ...notice, details: { ...notice.details, ...summary } }, attempts };
  }

  #end(application: string, notice: Notice): Placed {
    const streak = this.#streaks.get(application);
    if (!streak) return { notice, attempts: 0 };
    this.#streaks.delete(application);
    const { since, attempts } = streak;
    const summary = { attempts, since: new Date(since).toISOString(), duration_ms: notice.at - since };
    return { notice: { ...notice, details: { ...notice.details, ...summary } }, attempts };
  }
}
