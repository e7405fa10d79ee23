import { randomUUID } from 'node:crypto';
import { type ScheduledTask, schedule } from 'node-cron';

/** After so many ms without a beat the heartbeat is set going anew: it stalls when the system's clock is put back. */
const STALLED_AFTER_MS = 5_000;

/** The library's first look at a clock takes as long as a tenth of a start. There is time for it before the first beat. */
const SET_GOING_AFTER_MS = 250;

/** A library's own words are no part of our log. */
const quiet = { info() {}, warn() {}, error() {}, debug() {} };

/**
 * Calls `beat` every second, from when it is made until it is stopped. A `beat` that throws counts as none, so a defect
 * in it shows as a heartbeat that has stalled.
 */
export class Heartbeat {
  readonly #beat: () => void;
  readonly #watchdog: NodeJS.Timeout;
  readonly #beginning: NodeJS.Timeout;
  #task: ScheduledTask | undefined;
  #lastAt = performance.now();

  constructor(beat: () => void, stalledAfterMs: number = STALLED_AFTER_MS) {
    this.#beat = beat;
    this.#beginning = setTimeout(() => this.#schedule(), SET_GOING_AFTER_MS);
    this.#watchdog = setTimeout(() => this.#restart(), stalledAfterMs);
  }

  /** Milliseconds since the last beat, by a clock that nobody sets. */
  get sinceBeatMs(): number {
    return performance.now() - this.#lastAt;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#beginning);
    clearTimeout(this.#watchdog);
    await this.#task?.destroy();
  }

  #schedule(): void {
    const name = `rekeyd-heartbeat-${randomUUID()}`;
    this.#task = schedule('* * * * * *', () => this.#pulse(), { name, logger: quiet, suppressMissedWarning: true });
  }

  #pulse(): void {
    this.#beat();
    this.#lastAt = performance.now();
    this.#watchdog.refresh();
  }

  #restart(): void {
    void this.#task?.destroy();
    this.#schedule();
    this.#pulse();
  }
}
