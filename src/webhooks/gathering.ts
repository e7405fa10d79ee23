import type { WebhookEvent } from '../policy/webhook-events.ts';
import type { Notice } from './notice.ts';

/** What one trouble tells of a thousand applications at once; everything else is told one by one. */
const GATHERED: ReadonlySet<WebhookEvent> = new Set([
  'rotation.failed',
  'rotation.blocked',
  'pass.failed',
  'application.refused',
  'application.overdue',
  'application.notice',
  'application.recovered',
  'revocation.failed',
]);

/** In ms. */
export interface GatheringTimes {
  /** So long the first notice waits for others of its kind. */
  readonly first: number;
  /** So long, at least, lies between two deliveries of a kind. */
  readonly next: number;
}

const TIMES: GatheringTimes = { first: 3_000, next: 60_000 };

interface Kind {
  notices: Notice[];
  readonly timer: NodeJS.Timeout;
}

/** Gathers notices of the same event and code for a moment, so that a storm is few deliveries. */
export class Gathering {
  readonly #times: GatheringTimes;
  readonly #pass: (notices: readonly Notice[]) => void;
  readonly #kinds = new Map<string, Kind>();

  constructor(pass: (notices: readonly Notice[]) => void, times: Partial<GatheringTimes> = {}) {
    this.#pass = pass;
    this.#times = { ...TIMES, ...times };
  }

  add(notice: Notice): void {
    if (GATHERED.has(notice.event)) this.#gather(notice);
    else this.#pass([notice]);
  }

  /** Passes on everything at once. */
  flush(): void {
    for (const { notices, timer } of this.#kinds.values()) {
      clearTimeout(timer);
      if (notices.length > 0) this.#pass(notices);
    }
    this.#kinds.clear();
  }

  #gather(notice: Notice): void {
    const name = `${notice.event} ${notice.details['code'] ?? ''}`;
    const kind = this.#kinds.get(name);
    if (kind) kind.notices.push(notice);
    else this.#open(name, [notice], this.#times.first);
  }

  #open(name: string, notices: Notice[], afterMs: number): void {
    this.#kinds.set(name, { notices, timer: setTimeout(() => this.#close(name), afterMs).unref() });
  }

  #close(name: string): void {
    const notices = this.#kinds.get(name)?.notices ?? [];
    this.#kinds.delete(name);
    if (notices.length === 0) return;
    this.#pass(notices);
    this.#open(name, [], this.#times.next);
  }
}
