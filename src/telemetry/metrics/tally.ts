import { type Family, sampled } from './family.ts';

type Counted<R> = readonly [result: R, count: number];

/**
 * Counts how often each of a few results came about, under some key. A result that did not come about yet counts 0: a
 * counter that is not there until it counts hides its first increase from `rate()`.
 */
export class Tally<R extends string> {
  readonly #results: readonly R[];
  readonly #counts = new Map<string, Map<R, number>>();
  /** Of what did not come about yet: the same for all keys, of which most are such. */
  readonly #zeros: readonly Counted<R>[];

  constructor(results: readonly R[]) {
    this.#results = results;
    this.#zeros = results.map((result) => [result, 0]);
  }

  count(key: string, result: R): void {
    const counts = this.#counts.get(key) ?? new Map<R, number>();
    counts.set(result, (counts.get(result) ?? 0) + 1);
    this.#counts.set(key, counts);
  }

  /** Every result under this key. */
  of(key: string): readonly Counted<R>[] {
    const counts = this.#counts.get(key);
    return counts ? this.#results.map((result) => [result, counts.get(result) ?? 0]) : this.#zeros;
  }
}

/** What is counted without a key of its own, by result. */
export function resultFamily<R extends string>(name: string, help: string, tally: Tally<R>): Family {
  return sampled({ name, help, type: 'counter' }, () => tally.of('').map(([result, count]) => [{ result }, count]));
}
