import { expect, test } from 'vitest';
import { sideBySide } from '../../src/rotation/side-by-side.ts';

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

test('never more than so many are under way', async () => {
  let [now, most] = [0, 0];
  await sideBySide(3, [1, 2, 3, 4, 5, 6, 7], async () => {
    now += 1;
    most = Math.max(most, now);
    await new Promise((resolve) => setImmediate(resolve));
    now -= 1;
  });
  expect(most).toBe(3);
});
