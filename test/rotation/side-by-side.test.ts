import { expect, test } from 'vitest';
import { sideBySide } from '../../src/rotation/side-by-side.ts';

/** Works through items with `most` at once, and tells how many were at work together. */
async function worked(most: number, items: readonly number[]) {
  let [working, together] = [0, 0];
  const results = await sideBySide(most, items, async (item) => {
    working += 1;
    together = Math.max(together, working);
    // the first ones take the longest
    for (let turns = item; turns < 10; turns += 1) await Promise.resolve();
    working -= 1;
    return item * 10;
  });
  return { results, together };
}

test('results come in the order of the items, whichever is ready first', async () => {
  expect((await worked(3, [1, 2, 3, 4, 5])).results).toEqual([10, 20, 30, 40, 50]);
});

test('never more than so many are at work, and as many as there may be', async () => {
  expect((await worked(2, [1, 2, 3, 4, 5])).together).toBe(2);
  expect((await worked(9, [1, 2, 3])).together).toBe(3);
});

test('each item is worked on once', async () => {
  const seen: number[] = [];
  await sideBySide(2, [1, 2, 3], async (item) => seen.push(item));
  expect(seen).toEqual([1, 2, 3]);
});

test('of nothing nothing is made', async () => {
  expect((await worked(4, [])).results).toEqual([]);
});

test('a thousand that wait for nothing are worked on once each while the event loop goes on', async () => {
  const items = Array.from({ length: 1_000 }, (_, count) => count);
  const begun: number[] = [];
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  const results = await sideBySide(16, items, async (item) => {
    begun.push(item);
    const end = performance.now() + 0.1;
    while (performance.now() < end);
    return item * 2;
  });
  clearImmediate(immediate);
  expect(results).toEqual(items.map((item) => item * 2));
  expect(begun.toSorted((a, b) => a - b)).toEqual(items);
  expect(turns).toBeGreaterThan(5);
});
