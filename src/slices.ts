import { setImmediate as turn } from 'node:timers/promises';

/** So long nothing else has its turn while long work is done, in ms. */
const SLICE_MS = 5;

/** What one looks at between two looks at the clock takes a fraction of a slice. */
const ITEMS_PER_LOOK = 64;

/** Long work in slices: between two of them everything that waits has its turn. */
export class Slices {
  readonly #elapsed: () => number;
  #since: number;
  #turn: Promise<void> | undefined;

  /** `elapsed`: ms by a clock that nobody sets. */
  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
    this.#since = elapsed();
  }

  /**
   * Gives way if the slice is over. What else is done meanwhile may have changed anything that is not the caller's own.
   * All who share the slices go on in one turn: with a turn for each, each would take a slice of its own in it.
   */
  async giveWay(): Promise<void> {
    if (!this.isOver) return;
    this.#turn ??= this.#nextTurn();
    await this.#turn;
  }

  async #nextTurn(): Promise<void> {
    await turn();
    this.#since = this.#elapsed();
    this.#turn = undefined;
  }

  get isOver(): boolean {
    return this.#elapsed() - this.#since >= SLICE_MS;
  }
}

/** Does `work` with each of `items`, in their order and in slices. Rejects with what `work` throws. */
export async function eachInSlices<T>(
  items: Iterable<T>,
  work: (item: T) => void,
  slices: Slices = new Slices(),
): Promise<void> {
  let count = 0;
  for (const item of items) {
    work(item);
    count += 1;
    // awaiting costs more than most work, so that is not left to `giveWay` alone
    if (count % ITEMS_PER_LOOK === 0 && slices.isOver) await slices.giveWay();
  }
}
