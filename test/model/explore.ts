import { nextWindowOpening } from '../../src/policy/schedule.ts';
import type { Amendment, OperatorRequest } from '../../src/rotation/rotator.ts';
import { type Call, FAULTS, type Manner, wordsOf } from './calls.ts';
import { wrongInTheEnd } from './ending.ts';
import { callerOf } from './errands.ts';
import { deliver, fare } from './fare.ts';
import type { Heart } from './heart.ts';
import { nextMoment } from './moments.ts';
import { nameOf } from './names.ts';
import { broken, type Caller, type Outside } from './outside.ts';
import { wrongWith } from './promises.ts';
import { Recall, type Stand } from './recall.ts';
import type { Charge, Stimulus } from './replica.ts';
import { brokenSaid } from './words.ts';

/** How much of what may happen, happens at most. */
export interface Bounds {
  /** Passes of each replica. */
  readonly passes: number;
  /** Passes in which somebody asks for the scene's request. */
  readonly requests: number;
  /** Calls that go wrong. */
  readonly faults: number;
  /** Replicas that die in the middle. */
  readonly deaths: number;
  /** Jumps of the clock to the next moment at which something may become possible. */
  readonly jumps: number;
}

/** Something that a person or another program does, once. `undefined`: not possible now. */
export interface Hand {
  readonly name: string;
  readonly act: (outside: Outside, waiting: readonly Call[]) => Outside | undefined;
}

export interface Scene {
  readonly application: string;
  readonly charges: readonly Charge[];
  readonly outside: Outside;
  readonly bounds: Bounds;
  /** What is asked for; to rotate, where nothing is said. */
  readonly request?: OperatorRequest;
  readonly hands?: readonly Hand[];
  /** What people put into the record, each once, by a command line: the process of the last charge. */
  readonly amendments?: readonly Amendment[];
  /** How a call fares in this scene, whatever the bounds say. */
  readonly fate?: (outside: Outside, call: Call) => Manner | undefined;
  /** How it must end, once nothing goes wrong any more and nobody does anything by hand; `anyhow` where a person must. */
  readonly ending?: 'well' | 'anyhow';
  /** Moments farther ahead are out of sight, ms from the beginning. */
  readonly horizonMs: number;
  /** Whether replicas live on between passes; else each pass is a process of its own. */
  readonly lasting?: boolean;
}

export interface Explored {
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  /** Whether everything within the bounds was seen. */
  readonly complete: boolean;
  readonly found?: { readonly wrong: string; readonly trace: readonly string[] };
}

interface State {
  readonly outside: Outside;
  /** Of each replica: numbers of what it felt since it started; a pass that has ended leaves none behind. */
  readonly stories: readonly (readonly number[])[];
  readonly left: Left;
  /** For the trace. */
  readonly step: string;
  readonly from: State | undefined;
}

interface Left extends Omit<Bounds, 'passes'> {
  readonly passes: readonly number[];
  readonly hands: readonly number[];
  readonly amendments: readonly number[];
}

/** Who only looks. */
const NOBODY: Caller = { owner: '', paths: {}, asked: false, despite: [] };

const MOST_ENDINGS = 40;
/** States per scene, shortest stories first: as far with a sabotage as without. `npm run model` looks much deeper. */
export const MOST_STATES = Number(process.env['REKEYD_MODEL_STATES'] ?? 7_000);

/** Every order of steps within the bounds, shortest first, until an invariant breaks or `MOST_STATES` were seen. */
export async function explore(scene: Scene, heart: Heart): Promise<Explored> {
  const exploration = new Exploration(scene, heart);
  const explored = await exploration.run(MOST_STATES);
  const found = explored.found ?? (await exploration.endings(MOST_ENDINGS));
  return { ...explored, ...(found && { found }) };
}

class Exploration {
  readonly #scene: Scene;
  readonly #heart: Heart;
  readonly #recall: Recall;
  readonly #seen = new Set<string>();
  readonly #rests = new Map<string, State>();
  #steps = 0;

  constructor(scene: Scene, heart: Heart) {
    this.#scene = scene;
    this.#heart = heart;
    this.#recall = new Recall(heart, scene.charges);
  }

  async run(most: number): Promise<Explored> {
    let layer: State[] = [this.#first()];
    let depth = 0;
    for (; layer.length > 0; depth += 1) {
      const next: State[] = [];
      for (const state of layer) {
        for (const after of await this.#successors(state)) {
          this.#steps += 1;
          if (!this.#isNew(after)) continue;
          const wrong = await this.#wrongWith(after);
          if (wrong) return this.#explored(depth + 1, false, { wrong, trace: traceOf(after) });
          next.push(after);
        }
        if (this.#seen.size >= most) return this.#explored(depth, false);
      }
      layer = next;
    }
    return this.#explored(depth, true);
  }

  /** The worlds in which nobody was in the middle of anything, evenly chosen, must come to a good end. */
  async endings(most: number): Promise<Explored['found']> {
    if (this.#scene.ending === 'anyhow') return undefined;
    const rests = [...this.#rests.values()];
    const stride = Math.max(1, Math.ceil(rests.length / most));
    for (const rest of rests.filter((_, n) => n % stride === 0)) {
      const wrong = await wrongInTheEnd(this.#scene, rest.outside, this.#heart);
      if (wrong) return { wrong, trace: traceOf(rest) };
    }
    return undefined;
  }

  #explored(depth: number, complete: boolean, found?: Explored['found']): Explored {
    return { states: this.#seen.size, steps: this.#steps, depth, complete, ...(found && { found }) };
  }

  #first(): State {
    const { outside, charges, bounds, hands = [], amendments = [] } = this.#scene;
    const left: Left = {
      ...bounds,
      passes: charges.map(() => bounds.passes),
      hands: hands.map((_, n) => n),
      amendments: amendments.map((_, n) => n),
    };
    return { outside, stories: charges.map(() => []), left, step: '', from: undefined };
  }

  #isNew({ outside, stories, left }: State): boolean {
    const key = JSON.stringify([nameOf(outside), stories, Object.values(left)]);
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  async #wrongWith(state: State): Promise<string | undefined> {
    const stands = await this.#stands(state);
    const leak = stands.find((stand) => stand?.leak)?.leak;
    if (leak) return `I5 a secret was told: ${leak}`;
    if (stands.every((stand) => !stand?.waiting)) this.#noteRest(state);
    return wrongWith(state.outside);
  }

  #noteRest(state: State): void {
    const name = nameOf(state.outside);
    if (!this.#rests.has(name)) this.#rests.set(name, state);
  }

  #stands({ stories }: State): Promise<readonly (Stand | undefined)[]> {
    return Promise.all(
      stories.map((story, replica) => (story.length > 0 ? this.#recall.stand(replica, story) : undefined)),
    );
  }

  async #successors(state: State): Promise<readonly State[]> {
    const stands = await this.#stands(state);
    const moves = stands.map((stand, replica) =>
      stand?.waiting ? this.#onwards(state, replica, stand) : this.#beginnings(state, replica),
    );
    const after = await Promise.all(moves.flat());
    return [...after, ...this.#arrivals(state), ...this.#hands(state, stands), ...this.#jump(state, stands)];
  }

  #beginnings(state: State, replica: number): Promise<State>[] {
    const { left, outside } = state;
    const charge = this.#scene.charges[replica];
    if (!charge || (left.passes[replica] ?? 0) < 1) return [];
    const passes = left.passes.with(replica, (left.passes[replica] ?? 0) - 1);
    const pass = { pass: this.#scene.application, now: outside.now };
    const looks = this.#feel({ ...state, left: { ...left, passes } }, replica, pass, `${charge.replica} looks`);
    const begun = [looks, ...this.#amendings({ ...state, left: { ...left, passes } }, replica, charge)];
    if (left.requests < 1) return begun;
    const asked = { ...state, left: { ...left, passes, requests: left.requests - 1 } };
    const { request = { rotate: true, despite: [] } } = this.#scene;
    return [...begun, this.#feel(asked, replica, { ...pass, request }, `${charge.replica} is asked to rotate`)];
  }

  #amendings(state: State, replica: number, charge: Charge): Promise<State>[] {
    const { application, charges, amendments = [] } = this.#scene;
    const { left, outside } = state;
    if (replica !== charges.length - 1) return [];
    return left.amendments.flatMap((n) => {
      const amendment = amendments[n];
      if (!amendment) return [];
      const after = { ...state, left: { ...left, amendments: left.amendments.filter((other) => other !== n) } };
      const stimulus = { amend: application, amendment, now: outside.now };
      return [this.#feel(after, replica, stimulus, `${charge.replica} is asked to ${amendment.amend}`)];
    });
  }

  #onwards(state: State, replica: number, { waiting }: Stand): Promise<State>[] {
    const { left, outside, stories } = state;
    const charge = this.#scene.charges[replica];
    if (!waiting || !charge) return [];
    const { call, nth } = waiting;
    if (call.op === 'sleep' && call.until > outside.now) return [];
    const by = this.#callerIn(state, charge, replica, call);
    const fate = this.#scene.fate?.(outside, call);
    const free: readonly Manner[] = ['done', ...(left.faults > 0 ? (FAULTS[call.op] ?? []) : [])];
    const after = (fate ? [fate] : free).map((manner) => {
      const { outside: then, result } = fare(outside, call, manner, by);
      const faults = left.faults - (manner === 'done' || fate ? 0 : 1);
      const stimulus = { answer: result, to: nth, now: outside.now };
      const words = `${charge.replica} ${wordsOf(call)}${manner === 'done' ? '' : `: ${manner}`}`;
      return this.#feel({ ...state, outside: then, left: { ...left, faults } }, replica, stimulus, words);
    });
    if (left.deaths < 1) return after;
    const death = { ...left, deaths: left.deaths - 1 };
    const dead = {
      outside,
      stories: stories.with(replica, []),
      left: death,
      from: state,
      step: `${charge.replica} dies`,
    };
    return [...after, Promise.resolve(dead)];
  }

  #callerIn({ outside, stories }: State, charge: Charge, replica: number, { op }: Call): Caller {
    const story = stories[replica] ?? [];
    const by = callerOf(charge, this.#recall.errandIn(story));
    const matters = op === 'revoke' ? outside.heldFrom !== undefined : op === 'issue' && by.windows !== undefined;
    const version = matters ? this.#recall.versionIn(story) : undefined;
    const began = op === 'revoke' ? this.#recall.beganIn(story) : undefined;
    const seen = version === undefined ? {} : { seen: { [this.#path(replica)]: version } };
    return { ...by, ...seen, ...(began !== undefined && { began }) };
  }

  #path(replica: number): string {
    const { charges, application } = this.#scene;
    return charges[replica]?.applications.find(({ name }) => name === application)?.path ?? '';
  }

  /** Reading back what was just written changes nothing and is part of the same step. */
  async #feel(state: State, replica: number, stimulus: Stimulus, step: string): Promise<State> {
    let { outside } = state;
    let story = [...(state.stories[replica] ?? []), this.#recall.number(stimulus)];
    let stand = await this.#recall.stand(replica, story);
    while (stand.waiting?.call.op === 'read-back') {
      const { call, nth } = stand.waiting;
      const { result } = fare(outside, call, 'done', NOBODY);
      story = [...story, this.#recall.number({ answer: result, to: nth, now: outside.now })];
      stand = await this.#recall.stand(replica, story);
    }
    const isOver = !stand.waiting && !stand.leak && !this.#scene.lasting;
    const path = this.#path(replica);
    const isNewest = this.#recall.versionIn(story) === outside.secrets[path]?.version;
    if (stand.standing && isNewest) outside = broken(outside, brokenSaid(outside, path, stand.standing));
    return { ...state, outside, stories: state.stories.with(replica, isOver ? [] : story), step, from: state };
  }

  #arrivals(state: State): State[] {
    return state.outside.flights.map((flight) => ({
      ...state,
      outside: deliver(state.outside, flight),
      step: `late: ${wordsOf(flight.call)}`,
      from: state,
    }));
  }

  #hands(state: State, stands: readonly (Stand | undefined)[]): State[] {
    const { hands = [] } = this.#scene;
    const waiting = stands.flatMap((stand) => stand?.waiting?.call ?? []);
    return state.left.hands.flatMap((n) => {
      const hand = hands[n];
      const outside = hand?.act(state.outside, waiting);
      if (!hand || !outside) return [];
      const left = { ...state.left, hands: state.left.hands.filter((other) => other !== n) };
      return [{ ...state, outside, left, step: hand.name, from: state }];
    });
  }

  #jump(state: State, stands: readonly (Stand | undefined)[]): State[] {
    const { left, outside } = state;
    if (left.jumps < 1) return [];
    const sleeps = stands.flatMap((stand) => (stand?.waiting?.call.op === 'sleep' ? [stand.waiting.call.until] : []));
    const horizon = this.#scene.outside.now + this.#scene.horizonMs;
    const clocksAheadMs = [...new Set([0, ...this.#scene.charges.map(({ aheadMs }) => aheadMs)])];
    const openings = openingsAfter(outside.now, this.#scene);
    const now = nextMoment(outside, verifyMsOf(this.#scene), { sleeps, openings, clocksAheadMs, horizon });
    if (now === undefined) return [];
    const minutes = ((now - this.#scene.outside.now) / 60_000).toFixed(1);
    const after = { ...outside, now };
    const jumped = { ...left, jumps: left.jumps - 1 };
    return [{ ...state, outside: after, left: jumped, step: `it is ${minutes} minutes later`, from: state }];
  }
}

function verifyMsOf({ charges, application }: Scene): number {
  return charges[0]?.applications.find(({ name }) => name === application)?.verify.timeoutMs ?? 0;
}

/** When windows open, Unix ms. */
function openingsAfter(now: number, { charges }: Scene): readonly number[] {
  const windows = charges.flatMap(({ applications }) => applications.map(({ rotate }) => rotate));
  return windows.filter(({ window }) => window !== undefined).map((rotate) => nextWindowOpening(rotate, now));
}

function traceOf(state: State): readonly string[] {
  const steps: string[] = [];
  for (let at: State | undefined = state; at?.from; at = at.from) steps.unshift(at.step);
  return steps;
}
