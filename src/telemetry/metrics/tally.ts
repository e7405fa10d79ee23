import type { Family, Sample } from './family.ts';

/**
 * Counts how often each of a few results came about, under some key. A result that did not come about yet counts 0: a
 * counter that is not there until it counts hides its first increase from `rate()`.
 */
export class Tally<R extends string> {
  readonly #results: readonly R[];
  readonly #counts = new Map<string, Map<R, number>>();

  constructor(results: readonly R[]) {
    this.#results = results;
  }

  count(key: string, result: R): void {
    const counts = this.#counts.get(key) ?? new Map<R, number>();
    counts.set(result, (counts.get(result) ?? 0) + 1);
    this.#counts.set(key, counts);
  }

  /** Every result under this key. */
  *of(key: string): Generator<readonly [result: R, count: number]> {
    const counts = this.#counts.get(key);
    for (const result of this.#results) yield [result, counts?.get(result) ?? 0];
  }
}

/** What is counted without a key of its own, by result. */
export function resultFamily<R extends string>(name: string, help: string, tally: Tally<R>): Family {
  const samples = (): Sample[] => [...tally.of('')].map(([result, count]) => [[result], count]);
  return { name, help, type: 'counter', labels: ['result'], samples };
}
