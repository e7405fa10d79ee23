import { expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { readBack } from '../../src/rotation/readback.ts';
import { failure, Memory, PATH, StillClock } from './memory.ts';
import { dataOf, NOW, recordOf } from './scene.ts';

const written = (version: number) => {
  return { version, record: recordOf(), data: new Secret(dataOf(recordOf())), expiresAt: undefined };
};

async function reading(of: Memory, version: number) {
  const clock = new StillClock();
  const world = { ...of.replica().world, clock };
  return { problem: await readBack(PATH, written(version), world), slept: clock.slept };
}

test('what reads back to the byte, in any order, or was replaced since is in order at once', async () => {
  const memory = new Memory();
  memory.put(Object.fromEntries(Object.entries(dataOf(recordOf())).toReversed()));
  expect(await reading(memory, 1)).toEqual({ problem: undefined, slept: [] });
  memory.put({ other: 'by hand' });
  expect(await reading(memory, 1)).toEqual({ problem: undefined, slept: [] });
});

test('a replica of Vault that lags behind is asked again, three times in all, and then shown', async () => {
  const memory = new Memory();
  memory.put(dataOf(recordOf()));
  const lagging = await reading(memory, 2);
  expect(lagging.slept).toEqual([500, 500]);
  expect(lagging.problem).toMatchObject({ code: 'read-back-differs', remedy: expect.stringMatching(/\w{3}/) });
  expect(lagging.problem?.reason).toMatch(/version 2 .*present version 1/);
  const { read } = memory.store;
  let reads = 0;
  memory.store.read = async (path) => {
    reads += 1;
    if (reads === 2) memory.put(dataOf(recordOf()));
    return read(path);
  };
  expect(await reading(memory, 2)).toEqual({ problem: undefined, slept: [500] });
});

test('a version that is gone at once, differs, or cannot be read is shown', async () => {
  const memory = new Memory();
  memory.put({ ...dataOf(recordOf()), endpoint: 'elsewhere' });
  expect((await reading(memory, 1)).problem?.reason).toMatch(/version 1 .*read back/);
  memory.store.read = async () => ({ state: 'deleted', version: 1, serverTime: NOW });
  expect((await reading(memory, 1)).problem?.reason).toContain('deleted');
  memory.store.read = () => Promise.reject(failure('unavailable', 'vault-sealed'));
  expect((await reading(memory, 1)).problem?.reason).toContain('vault-sealed');
});
