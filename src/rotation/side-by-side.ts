/**
 * What `each` makes of the items, in their order, never of more than `most` at once. The next is begun when one has
 * ended, so that of a thousand only a few take memory.
 */
export async function sideBySide<T, R>(
  most: number,
  items: readonly T[],
  each: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  const rest = items.entries();
  const work = async () => {
    for (const [index, item] of rest) results[index] = await each(item);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work));
  return results;
}
