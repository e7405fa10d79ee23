import { expect, test } from 'vitest';
import { eachInSlices, Slices } from '../src/slices.ts';

/** Counts how often the event loop goes on until it is asked. */
function turning(): () => number {
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  return () => {
    clearImmediate(immediate);
    return turns;
  };
}

test('everything is worked on once and in its order, and the event loop goes on meanwhile', async () => {
  // a machine on which each look at the clock takes a millisecond
  let elapsed = 0;
  const items = Array.from({ length: 6_400 }, (_, count) => count);
  const done: number[] = [];
  const turns = turning();
  await eachInSlices(items, (item) => void done.push(item), new Slices(() => (elapsed += 1)));
  expect(turns()).toBeGreaterThanOrEqual(15);
  expect(done).toEqual(items);
});

test('what is done within a slice does not wait for anything', async () => {
  const turns = turning();
  await eachInSlices(Array.from({ length: 6_400 }), () => {}, new Slices(() => 0));
  expect(turns()).toBe(0);
});

test('what goes wrong ends the work and is told', async () => {
  const done: number[] = [];
  const work = (item: number): void => {
    if (item === 2) throw new Error('no good');
    done.push(item);
  };
  await expect(eachInSlices([1, 2, 3], work)).rejects.toThrow('no good');
  expect(done).toEqual([1]);
});

test('way is given only when the slice is over, and then a new one begins', async () => {
  let elapsed = 0;
  const slices = new Slices(() => elapsed);
  const turns = turning();
  await slices.giveWay();
  expect(slices.isOver).toBe(false);
  elapsed = 5;
  expect(slices.isOver).toBe(true);
  await slices.giveWay();
  expect(slices.isOver).toBe(false);
  expect(turns()).toBeGreaterThan(0);
});

test('those who share slices share a turn, and no more than one slice is between two of them', async () => {
  let elapsed = 5;
  const slices = new Slices(() => elapsed);
  elapsed = 10;
  const turns = turning();
  await Promise.all([slices.giveWay(), slices.giveWay(), slices.giveWay()]);
  expect(turns()).toBe(1);
  expect(slices.isOver).toBe(false);
});
