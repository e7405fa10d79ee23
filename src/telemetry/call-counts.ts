const SECONDS = 60;
/** With more servers than this, those that were not called lately are forgotten: endpoints come from records too. */
const MANY = 100;

/** How many calls ended in each of the last seconds. */
interface Lately {
  readonly counts: Uint32Array;
  /** In whole seconds. */
  newest: number;
}

/** How often each server was called in the last minute, by what people call it: `issuer sto1`. */
export class CallCounts {
  readonly #elapsed: () => number;
  readonly #servers = new Map<string, Lately>();

  /** `elapsed`: ms by a clock that nobody sets. */
  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
  }

  /** Takes a call that ended, however it did. */
  count(server: string): void {
    const lately = this.#servers.get(server) ?? this.#add(server);
    this.#advance(lately);
    const at = lately.newest % SECONDS;
    lately.counts[at] = (lately.counts[at] ?? 0) + 1;
  }

  /** To the second. */
  lastMinute(server: string): number {
    const lately = this.#servers.get(server);
    if (!lately) return 0;
    this.#advance(lately);
    return lately.counts.reduce((sum, count) => sum + count, 0);
  }

  #add(server: string): Lately {
    if (this.#servers.size >= MANY) {
      for (const name of this.#servers.keys()) if (this.lastMinute(name) === 0) this.#servers.delete(name);
    }
    const lately = { counts: new Uint32Array(SECONDS), newest: this.#second };
    this.#servers.set(server, lately);
    return lately;
  }

  /** What is a minute old gives its place to what is new. */
  #advance(lately: Lately): void {
    const now = this.#second;
    for (let second = Math.max(lately.newest + 1, now - SECONDS + 1); second <= now; second += 1) {
      lately.counts[second % SECONDS] = 0;
    }
    lately.newest = now;
  }

  get #second(): number {
    return Math.floor(this.#elapsed() / 1_000);
  }
}
