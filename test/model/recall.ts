import type { Amendment } from '../../src/rotation/rotator.ts';
import type { Call } from './calls.ts';
import { type Errand, versionTold } from './errands.ts';
import type { Heart } from './heart.ts';
import { type Charge, Replica, type Stimulus, type Waiting } from './replica.ts';

/** Calls that need no turn of their own: between them and the next one nothing that others do makes a difference. */
const FREE: ReadonlySet<Call['op']> = new Set(['place', 'standing', 'reach', 'annotate']);
const MOST_ALIVE = 5_000;

/** Where a replica stands after all that it felt. */
export interface Stand {
  /** The call that it waits for; none where the pass has ended. */
  readonly waiting: Waiting | undefined;
  /** A secret that it told. */
  readonly leak: string | undefined;
  /** What a person was told to stand in the record now. */
  readonly standing: Amendment | undefined;
}

/**
 * What replicas do, remembered. A replica is a function of what it felt since it started, so wherever the same story
 * of one replica occurs again, between whatever steps of others, nothing has to run again.
 */
export class Recall {
  readonly #heart: Heart;
  readonly #charges: readonly Charge[];
  readonly #stimuli = new Map<string, number>();
  readonly #byNumber: Stimulus[] = [];
  readonly #stands = new Map<string, Stand>();
  readonly #alive = new Map<string, Replica>();

  constructor(heart: Heart, charges: readonly Charge[]) {
    this.#heart = heart;
    this.#charges = charges;
  }

  /** A number that stands for the stimulus in a story. */
  number(stimulus: Stimulus): number {
    const text = JSON.stringify(stimulus);
    const known = this.#stimuli.get(text);
    if (known !== undefined) return known;
    this.#stimuli.set(text, this.#byNumber.push(stimulus) - 1);
    return this.#byNumber.length - 1;
  }

  /** What was asked for in the pass or amendment that this story ends in. */
  errandIn(story: readonly number[]): Pick<Errand, 'request' | 'word'> {
    const stimuli = story.map((number) => this.#byNumber[number]);
    const begun = stimuli.findLast((stimulus) => stimulus && ('pass' in stimulus || 'amend' in stimulus));
    if (begun && 'amend' in begun) return { word: begun.amendment };
    return begun && 'pass' in begun && begun.request ? { request: begun.request } : {};
  }

  /** When the pass that this story ends in began, Unix ms. */
  beganIn(story: readonly number[]): number | undefined {
    const stimuli = story.map((number) => this.#byNumber[number]);
    return stimuli.findLast((stimulus) => stimulus && 'pass' in stimulus)?.now;
  }

  /** The version that was told last in this story. */
  versionIn(story: readonly number[]): number | undefined {
    const versions = story.map((number) => {
      const stimulus = this.#byNumber[number];
      return stimulus && 'answer' in stimulus ? versionTold(stimulus.answer) : undefined;
    });
    return versions.findLast((version) => version !== undefined);
  }

  async stand(replica: number, story: readonly number[]): Promise<Stand> {
    const key = `${replica}:${story.join()}`;
    const known = this.#stands.get(key);
    if (known) return known;
    const alive = await this.#relive(replica, story);
    this.#keep(key, alive);
    if (alive.isBusy && alive.waiting.length === 0) throw new Error('a pass neither ended nor waits for anything');
    const leak = alive.told.find((text) => text.includes('SECRET'));
    const stand: Stand = { waiting: alive.waiting[0], leak, standing: alive.standing };
    this.#stands.set(key, stand);
    return stand;
  }

  async #relive(replica: number, story: readonly number[]): Promise<Replica> {
    const before = `${replica}:${story.slice(0, -1).join()}`;
    const alive = this.#alive.get(before);
    this.#alive.delete(before);
    if (alive) return this.#feel(alive, story.slice(-1));
    const charge = this.#charges[replica];
    if (!charge) throw new Error(`there is no replica ${replica}`);
    return this.#feel(new Replica(this.#heart, charge, FREE), story);
  }

  async #feel(alive: Replica, story: readonly number[]): Promise<Replica> {
    for (const number of story) {
      const stimulus = this.#byNumber[number];
      if (stimulus) await alive.feel(stimulus);
    }
    return alive;
  }

  #keep(key: string, alive: Replica): void {
    this.#alive.set(key, alive);
    const [oldest] = this.#alive.keys();
    if (this.#alive.size > MOST_ALIVE && oldest !== undefined) this.#alive.delete(oldest);
  }
}
