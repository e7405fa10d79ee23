import { Slices } from '../slices.ts';

/**
 * What `each` makes of the items, in their order, never of more than `most` at once. The next is begun when one has
 * ended, so that of a thousand only a few take memory. Where they wait for nothing, way is given every few milliseconds.
 */
export async function sideBySide<T, R>(
  most: number,
  items: readonly T[],
  each: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const rest = items.entries();
  const slices = new Slices();
  const work = async () => {
    for (const [index, item] of rest) {
      // what goes at once anyway needs no slices
      if (index >= most && slices.isOver) await slices.giveWay();
      results[index] = await each(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}
