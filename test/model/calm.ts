import type { Outcome } from '../../src/rotation/outcome.ts';
import type { Amendment, OperatorRequest } from '../../src/rotation/rotator.ts';
import type { Call, Manner } from './calls.ts';
import { callerOf, type Errand } from './errands.ts';
import { fare } from './fare.ts';
import type { Heart } from './heart.ts';
import type { Outside } from './outside.ts';
import { type Charge, Replica, type Stimulus } from './replica.ts';

const NOTHING_FREE: ReadonlySet<never> = new Set();
const MOST_PASSES = 12;

/** One replica in a world where nobody else acts. */
export class Calm {
  outside: Outside;
  readonly #charge: Charge;
  readonly #replica: Replica;
  readonly #manner: (call: Call) => Manner;

  /** `manner`: how each call fares, where not all goes well. */
  constructor(heart: Heart, charge: Charge, outside: Outside, manner: (call: Call) => Manner = () => 'done') {
    this.#charge = charge;
    this.outside = outside;
    this.#manner = manner;
    this.#replica = new Replica(heart, charge, NOTHING_FREE);
  }

  get told(): readonly string[] {
    return this.#replica.told;
  }

  pass(application: string, request?: OperatorRequest): Promise<Outcome> {
    const errand = request ? { request } : {};
    return this.#see(application, { pass: application, ...errand, now: this.outside.now }, errand);
  }

  amend(application: string, word: Amendment): Promise<Outcome> {
    const { now } = this.outside;
    return this.#see(application, { amend: application, amendment: word, now }, { word });
  }

  async #see(application: string, beginning: Stimulus, errand: Errand): Promise<Outcome> {
    const replica = this.#replica;
    await replica.feel(beginning);
    for (;;) {
      const ended = replica.ended(application);
      if (ended) return ended;
      const [waiting] = replica.waiting;
      if (!waiting) throw new Error('a pass neither ended nor waits for anything');
      const { call, nth } = waiting;
      if (call.op === 'sleep') this.outside = { ...this.outside, now: Math.max(this.outside.now, call.until) };
      const { outside, result } = fare(this.outside, call, this.#manner(call), callerOf(this.#charge, errand));
      this.outside = outside;
      await replica.feel({ answer: result, to: nth, now: outside.now });
    }
  }

  /** Passes until nothing is left to do now, or something stands in the way. */
  async settle(application: string, request?: OperatorRequest): Promise<Outcome> {
    let last = await this.pass(application, request);
    for (let passes = 1; passes < MOST_PASSES; passes += 1) {
      const asked = request && last.did !== 'rotated' ? request : undefined;
      if (last.trouble || (!asked && last.nextAt > this.outside.now)) return last;
      last = await this.pass(application, asked);
    }
    return last;
  }

  elapse(ms: number): void {
    this.outside = { ...this.outside, now: this.outside.now + ms };
  }
}
