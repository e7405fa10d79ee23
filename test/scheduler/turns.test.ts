import { expect, test } from 'vitest';
import { Turns } from '../../src/scheduler/turns.ts';

test('only so many have their turn at once, and the first that waits is the next', async () => {
  const turns = new Turns(1);
  const order: string[] = [];
  const end = await turns.take();
  const first = turns.take().then((endFirst) => {
    order.push('first');
    endFirst();
  });
  const second = turns.take().then(() => order.push('second'));
  order.push('one that has it');
  end();
  await Promise.all([first, second]);
  expect(order).toEqual(['one that has it', 'first', 'second']);
});

test('a turn that is ended twice lets only one other in', async () => {
  const turns = new Turns(1);
  const entered: number[] = [];
  const end = await turns.take();
  const first = turns.take().then(() => entered.push(1));
  void turns.take().then(() => entered.push(2));
  end();
  end();
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  expect(entered).toEqual([1]);
});
