import type { Outcome } from '../rotation/outcome.ts';
import type { Clock } from '../rotation/ports.ts';
import type { Round } from './handover.ts';
import { type Lane, SURVEY_BATCH } from './lane.ts';
import type { SafeRotator } from './safe-rotator.ts';
import type { Turns } from './turns.ts';

/**
 * Applications per paced survey. Larger ones would ask for fewer lists, but keep their applications from being acted
 * on for longer.
 */
export const RESYNC_CHUNK = 200;

export interface ResyncOptions {
  /** In this replica's order. */
  readonly applications: readonly string[];
  readonly lane: Lane;
  readonly rotator: SafeRotator;
  readonly clock: Pick<Clock, 'now'>;
  readonly resyncMs: number;
  /** Awaited before each record read of all but the first round. */
  readonly pace: () => Promise<void>;
  /** Of all issuers: how many read records at once in the first round. */
  readonly turns: Turns;
  readonly isHeld: () => boolean;
  /** Whether the timetable will have this application looked at before a chunk could end. */
  readonly isSoonDue: (application: string) => boolean;
  /** Where an earlier one had come to that had looked at each application. */
  readonly from?: Round | undefined;
  readonly settle: (outcome: Outcome) => void;
  readonly launch: (work: () => Promise<void>) => void;
}

/**
 * Goes round all applications of a lane and looks at each, so that nothing that changed behind our back goes unseen
 * for long. The first round, at start, is quick; later ones are paced. Skips what the lane looks at anyway.
 */
export class Resync {
  readonly #options: ResyncOptions;
  #position = 0;
  #beganAt: number | undefined;
  #periodMs = 0;
  #rounds = 0;
  #isWalking = false;
  #isStopped = false;

  constructor(options: ResyncOptions) {
    this.#options = options;
    if (options.from) this.#takeOver(options.from);
  }

  #takeOver({ beganAt, periodMs, rest }: Round): void {
    this.#rounds = 1;
    this.#beganAt = beganAt;
    this.#periodMs = periodMs;
    this.#position = Math.max(
      0,
      this.#options.applications.findIndex((name) => rest.has(name)),
    );
  }

  /** How far it has come; undefined where not every application has been looked at since the start. */
  get round(): Round | undefined {
    if (this.#rounds === 0 || this.#beganAt === undefined) return undefined;
    const rest = this.#isRoundOpen ? this.#options.applications.slice(this.#position) : [];
    return { beganAt: this.#beganAt, periodMs: this.#periodMs, rest: new Set(rest) };
  }

  /** Whether every application has been looked at since the start. */
  get isFirstRoundDone(): boolean {
    return this.#rounds > 0 || this.#options.applications.length === 0;
  }

  /** How far apart the looks at one application really are, in ms: more than asked for when the pace is too slow. */
  effectiveMs(now: number): number {
    const elapsed = this.#isRoundOpen ? now - (this.#beganAt ?? now) : 0;
    return Math.max(this.#options.resyncMs, this.#periodMs, elapsed);
  }

  /** Walks on if there is anything to do and nothing in the way. */
  beat(now: number): void {
    if (this.#isWalking || this.#isStopped || this.#options.applications.length === 0 || this.#options.isHeld()) return;
    if (!this.#isRoundOpen && !this.#begin(now)) return;
    this.#isWalking = true;
    this.#options.launch(() => this.#walk());
  }

  stop(): void {
    this.#isStopped = true;
  }

  get #isRoundOpen(): boolean {
    return this.#position > 0;
  }

  #begin(now: number): boolean {
    if (this.#beganAt !== undefined) {
      // a clock that was put back must not put the resync off
      if (now >= this.#beganAt && now < this.#beganAt + this.#options.resyncMs) return false;
      this.#periodMs = now - this.#beganAt;
    }
    this.#beganAt = now;
    return true;
  }

  async #walk(): Promise<void> {
    const { applications, isHeld } = this.#options;
    do await this.#chunk();
    while (this.#position < applications.length && !this.#isStopped && !isHeld());
    this.#isWalking = false;
    if (this.#position < applications.length) return;
    this.#position = 0;
    this.#rounds += 1;
    this.beat(this.#options.clock.now());
  }

  /** In the first round only a few issuers read at once: what the first of them find due need not wait for all. */
  async #chunk(): Promise<void> {
    if (this.isFirstRoundDone) return this.#look(RESYNC_CHUNK, () => this.#pace());
    const endTurn = await this.#options.turns.take();
    try {
      if (!this.#isStopped && !this.#options.isHeld()) await this.#look(SURVEY_BATCH, async () => {}, endTurn);
    } finally {
      endTurn();
    }
  }

  /** `onRead`: called once no record is left to be read; lists may take their time then. */
  async #look(most: number, pace: () => Promise<void>, onRead: () => void = () => {}): Promise<void> {
    const { lane, rotator, settle } = this.#options;
    const names = lane.lend(this.#next(), most);
    let left = names.length;
    const paced = () => {
      left -= 1;
      if (left === 0) onRead();
      return pace();
    };
    const outcomes = names.length > 0 ? await rotator.survey(names, paced) : [];
    const isNeeded = lane.giveBack();
    for (const outcome of outcomes) if (!isNeeded(outcome.application)) settle(outcome);
    lane.pump();
  }

  /** The applications from here on; each one taken moves the walk on. */
  *#next(): Generator<string> {
    const { applications, isSoonDue } = this.#options;
    while (this.#position < applications.length) {
      const name = applications[this.#position] as string;
      this.#position += 1;
      if (!this.isFirstRoundDone || !isSoonDue(name)) yield name;
    }
  }

  #pace(): Promise<void> {
    const isInHurry = this.#isStopped || this.#options.lane.isWantedBack;
    return isInHurry ? Promise.resolve() : this.#options.pace();
  }
}
