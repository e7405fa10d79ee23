import type { Amendment, OperatorRequest } from '../../src/rotation/rotator.ts';
import { type Call, FAULTS, type Manner, wordsOf } from './calls.ts';
import { callerOf, type Errand, versionTold } from './errands.ts';
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
import { type Outside, recordAt } from './outside.ts';
import { wrongWith } from './promises.ts';
import { type Charge, Replica, type Stimulus, type Waiting } from './replica.ts';
import { HOUR, ROTATE } from './scenes/parts.ts';

const NOTHING_FREE: ReadonlySet<never> = new Set();
/** As the remedy says where somebody has deleted the secret. */
const liftOf = (code: string): OperatorRequest => ({ rotate: true, despite: [code] });

/** A move that may be made now, and how often it is made among others. */
interface Move {
  readonly weight: number;
  readonly words: string;
  readonly make: () => Promise<void>;
}

/** A process, what its passes were asked for, and the version that it read last of each path. */
interface Process {
  readonly charge: Charge;
  replica: Replica;
  readonly busy: Map<string, Errand>;
  seen: Readonly<Record<string, number>>;
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
    this.#processes = charges.map((charge) => ({ charge, replica: this.#started(charge), busy: new Map(), seen: {} }));
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
    const errand = { ...(application && process.busy.get(application.name)), seen: process.seen };
    const { outside, result } = fare(this.outside, call, manner, callerOf(process.charge, errand));
    const version = versionTold(result);
    if ('path' in call && version !== undefined) process.seen = { ...process.seen, [call.path]: version };
    this.outside = outside;
    await process.replica.feel({ answer: result, to: nth, now: outside.now });
    for (const name of process.busy.keys()) if (process.replica.ended(name)) process.busy.delete(name);
  }

  #beginnings(process: Process): readonly Move[] {
    const { charge, replica, busy } = process;
    const idle = this.#names.filter((name) => !busy.has(name));
    const begin =
      (name: string, errand: Errand = {}) =>
      async () => {
        busy.set(name, { ...errand, began: this.outside.now });
        await replica.feel(beginning(name, errand, this.outside.now));
      };
    const survey: Move = {
      weight: 2,
      words: `${charge.replica} surveys`,
      make: () => replica.feel({ survey: true, now: this.outside.now }),
    };
    const passes = idle.flatMap((name) => [
      { weight: 8, words: `${charge.replica} looks at ${name}`, make: begin(name) },
      { weight: 2, words: `${charge.replica} is asked to rotate ${name}`, make: begin(name, { request: ROTATE }) },
      ...this.#lifts(charge, name).map((code) => ({
        weight: 4,
        words: `${charge.replica} lifts ${code} of ${name}`,
        make: begin(name, { request: liftOf(code) }),
      })),
      ...this.#words(process, pathOf(charge, name)).map(({ word, weight }) => ({
        weight,
        words: `${charge.replica} is asked to ${wordsOfAmendment(word)} in ${name}`,
        make: begin(name, { word }),
      })),
    ]);
    return busy.size === 0 ? [survey, ...passes] : passes;
  }

  /** The refusals that a person would lift there. */
  #lifts(charge: Charge, name: string): readonly string[] {
    const path = pathOf(charge, name);
    if (this.outside.secrets[path]?.data === null) return ['deleted'];
    return recordAt(this.outside, path)?.credential === null ? ['retired'] : [];
  }

  /** What a person may put into the record there now, by one of the processes: rarely, but for the end of a hold. */
  #words(process: Process, path: string): readonly { readonly word: Amendment; readonly weight: number }[] {
    const { now, keys } = this.outside;
    const record = recordAt(this.outside, path);
    if (!record || process !== this.#processes.at(-1)) return [];
    const hold: Amendment = { amend: 'hold', until: now + 2 * HOUR, by: 'somebody', why: 'a freeze' };
    const alive = keys.filter(({ live, id }) => live && id !== record.credential?.id);
    const shorten = alive.slice(-2).map(({ instance, id }): Amendment => {
      return { amend: 'shorten', instance, credentialId: id, graceMs: 0 };
    });
    return [
      record.hold ? { word: { amend: 'release' }, weight: 3 } : { word: hold, weight: 1 },
      ...shorten.map((word) => ({ word, weight: 1 })),
      ...(record.credential ? [{ word: { amend: 'retire' } as const, weight: 1 }] : []),
    ];
  }

  #death(process: Process): Move {
    const make = async () => {
      process.replica = this.#started(process.charge);
      process.busy.clear();
      process.seen = {};
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

function pathOf({ applications }: Charge, name: string): string {
  return applications.find((application) => application.name === name)?.path ?? '';
}

function beginning(name: string, { request, word }: Errand, now: number): Stimulus {
  if (word) return { amend: name, amendment: word, now };
  return { pass: name, ...(request && { request }), now };
}

function wordsOfAmendment(word: Amendment): string {
  return word.amend === 'shorten' ? `shorten ${word.credentialId}` : word.amend;
}
