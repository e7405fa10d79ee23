import type { OperatorRequest } from '../../src/rotation/rotator.ts';
import { type Call, FAULTS, type Manner, wordsOf } from './calls.ts';
import type { Hand } from './explore.ts';
import { deliver, fare } from './fare.ts';
import {
  deletes,
  LIST_IS_WHOLE,
  LIST_SHORTENS,
  pastesOldKey,
  revokesCurrent,
  rollsBack,
  writesForeignField,
} from './hands.ts';
import type { Heart } from './heart.ts';
import { nextMoment } from './moments.ts';
import type { Outside } from './outside.ts';
import { wrongWith } from './promises.ts';
import { type Charge, callerOf, Replica, type Waiting } from './replica.ts';
import { HOUR, ROTATE } from './scenes/parts.ts';

const NOTHING_FREE: ReadonlySet<never> = new Set();
/** As the remedy says where somebody has deleted the secret. */
const LIFT: OperatorRequest = { rotate: true, despite: ['deleted'] };

/** A move that may be made now, and how often it is made among others. */
interface Move {
  readonly weight: number;
  readonly words: string;
  readonly make: () => Promise<void>;
}

/** A process, and what its passes were asked for. */
interface Process {
  readonly charge: Charge;
  replica: Replica;
  readonly busy: Map<string, OperatorRequest | undefined>;
}

/**
 * A long walk through one world: replicas live on between passes, look after several applications at once, survey, die
 * and come back; calls fare as they like; people do things. Each number chooses the next move.
 */
export class Wander {
  outside: Outside;
  readonly trace: string[] = [];
  readonly #heart: Heart;
  readonly #processes: Process[];
  readonly #hands: readonly Hand[];
  readonly #names: readonly string[];

  constructor(heart: Heart, charges: readonly Charge[], outside: Outside) {
    this.#heart = heart;
    this.outside = outside;
    this.#processes = charges.map((charge) => ({ charge, replica: this.#started(charge), busy: new Map() }));
    const paths = charges[0]?.applications.map(({ path }) => path) ?? [];
    this.#names = charges[0]?.applications.map(({ name }) => name) ?? [];
    const perPath = [revokesCurrent, pastesOldKey, rollsBack, writesForeignField, deletes];
    this.#hands = [...paths.flatMap((path) => perPath.map((make) => make(path))), LIST_SHORTENS, LIST_IS_WHOLE];
  }

  /** One step; returns what it broke. */
  async step(choice: number): Promise<string | undefined> {
    const moves = this.#moves();
    const total = moves.reduce((sum, { weight }) => sum + weight, 0);
    let at = choice % total;
    const move = moves.find(({ weight }) => {
      at -= weight;
      return at < 0;
    });
    this.trace.push(move?.words ?? 'nothing');
    await move?.make();
    return wrongWith(this.outside) ?? this.#leak();
  }

  #started(charge: Charge): Replica {
    return new Replica(this.#heart, { ...charge, policyLoadedAt: this.outside.now }, NOTHING_FREE);
  }

  #leak(): string | undefined {
    const told = this.#processes.flatMap(({ replica }) => replica.told.splice(0));
    const leak = told.find((text) => text.includes('SECRET'));
    return leak && `I5 a secret was told: ${leak}`;
  }

  #moves(): readonly Move[] {
    const perProcess = this.#processes.flatMap((process) => [
      ...process.replica.waiting.flatMap((waiting) => this.#answers(process, waiting)),
      ...this.#beginnings(process),
      this.#death(process),
    ]);
    return [...perProcess, ...this.#arrivals(), ...this.#actsByHand(), ...this.#time()];
  }

  #answers(process: Process, waiting: Waiting): readonly Move[] {
    const { call } = waiting;
    if (call.op === 'sleep' && call.until > this.outside.now) return [];
    const manners: readonly (readonly [Manner, number])[] = [
      ['done', 60],
      ...faultsOf(call).map((manner): [Manner, number] => [manner, 2]),
    ];
    return manners.map(([manner, weight]) => ({
      weight,
      words: `${process.charge.replica} ${wordsOf(call)}${manner === 'done' ? '' : `: ${manner}`}`,
      make: () => this.#answer(process, waiting, manner),
    }));
  }

  async #answer(process: Process, { call, nth }: Waiting, manner: Manner): Promise<void> {
    const application = process.charge.applications.find(({ path }) => 'path' in call && path === call.path);
    const request = application && process.busy.get(application.name);
    const { outside, result } = fare(this.outside, call, manner, callerOf(process.charge, request));
    this.outside = outside;
    await process.replica.feel({ answer: result, to: nth, now: outside.now });
    for (const name of process.busy.keys()) if (process.replica.ended(name)) process.busy.delete(name);
  }

  #beginnings(process: Process): readonly Move[] {
    const { charge, replica, busy } = process;
    const idle = this.#names.filter((name) => !busy.has(name));
    const begin = (name: string, request?: OperatorRequest) => async () => {
      busy.set(name, request);
      await replica.feel({ pass: name, ...(request && { request }), now: this.outside.now });
    };
    const survey: Move = {
      weight: 2,
      words: `${charge.replica} surveys`,
      make: () => replica.feel({ survey: true, now: this.outside.now }),
    };
    const passes = idle.flatMap((name) => [
      { weight: 8, words: `${charge.replica} looks at ${name}`, make: begin(name) },
      { weight: 2, words: `${charge.replica} is asked to rotate ${name}`, make: begin(name, ROTATE) },
      ...(this.#isDeleted(charge, name)
        ? [{ weight: 4, words: `${charge.replica} lifts the refusal of ${name}`, make: begin(name, LIFT) }]
        : []),
    ]);
    return busy.size === 0 ? [survey, ...passes] : passes;
  }

  #isDeleted({ applications }: Charge, name: string): boolean {
    const { path = '' } = applications.find((application) => application.name === name) ?? {};
    return this.outside.secrets[path]?.data === null;
  }

  #death(process: Process): Move {
    const make = async () => {
      process.replica = this.#started(process.charge);
      process.busy.clear();
    };
    return { weight: 1, words: `${process.charge.replica} dies`, make };
  }

  #arrivals(): readonly Move[] {
    return this.outside.flights.map((flight) => ({
      weight: 3,
      words: `late: ${wordsOf(flight.call)}`,
      make: async () => {
        this.outside = deliver(this.outside, flight);
      },
    }));
  }

  #actsByHand(): readonly Move[] {
    const waiting = this.#processes.flatMap(({ replica }) => replica.waiting.map(({ call }) => call));
    return this.#hands.flatMap(({ name, act }) => {
      const outside = act(this.outside, waiting);
      if (!outside) return [];
      const make = async () => {
        this.outside = outside;
      };
      return [{ weight: 1, words: name, make }];
    });
  }

  #time(): readonly Move[] {
    const { now } = this.outside;
    const sleeps = this.#processes.flatMap(({ replica }) =>
      replica.waiting.flatMap(({ call }) => (call.op === 'sleep' ? [call.until] : [])),
    );
    const around = { sleeps, clocksAheadMs: [0, 40_000], horizon: now + 4 * HOUR };
    const moment = nextMoment(this.outside, 10_000, around) ?? now + HOUR;
    const to = (at: number, weight: number): Move => ({
      weight,
      words: `${((at - now) / 60_000).toFixed(1)} minutes go by`,
      make: async () => {
        this.outside = { ...this.outside, now: at };
      },
    });
    return [to(now + 5_000, 6), to(moment, 8)];
  }
}

function faultsOf({ op }: Call): readonly Manner[] {
  return [...new Set<Manner>([...(FAULTS[op] ?? []), 'lost', 'unavailable'])];
}
