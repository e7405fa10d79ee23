import { expect, test } from 'vitest';
import { unmetForIssue } from '../../src/rotation/conditions.ts';
import { gatherForIssue, gatherForWrite } from '../../src/rotation/gather.ts';
import { iso } from '../../src/rotation/record.ts';
import { failure, Memory } from './memory.ts';
import {
  askRotate,
  BEARER,
  DAY,
  dataOf,
  despite,
  HOUR,
  INSTANCE,
  marked,
  NOW,
  recordOf,
  type Scene,
  scene,
  unmarked,
} from './scene.ts';

/** What is known right before an issue; `prepare` sets up what this process remembers. */
async function factsOf(of: Scene, prepare: (memory: Memory, world: World) => void = () => {}, entering = 0) {
  const memory = new Memory();
  const { world } = memory.replica();
  // the list of the scene was asked for at mark 2
  for (let mark = 0; mark < 2; mark += 1) world.lists.mark();
  prepare(memory, world);
  const s = scene(of);
  return gatherForIssue(s, { strays: s.strays.slice(0, entering), why: 'stray' }, world);
}

type World = ReturnType<Memory['replica']>['world'];
const record = recordOf();

test('where all is well the facts say so', async () => {
  expect(await factsOf({ record, listed: [marked(7, 7), unmarked(1)] })).toEqual({
    standing: expect.objectContaining({ mount: 'kv-v2' }),
    path: 'apps/billing/s3',
    graceMs: DAY,
    lifetimeMs: Number.POSITIVE_INFINITY,
    attemptMs: 180_000,
    distrusted: undefined,
    garbled: undefined,
    endpointSilent: undefined,
    inUse: 2,
    quota: 200,
    live: 1,
    urgent: false,
    waitingStrays: 0,
  });
});

test('what was issued since the list counts as in use, and what no list shows as alive and waiting', async () => {
  const facts = await factsOf({ record }, (_, { lists }) => {
    lists.issuing(INSTANCE)();
    lists.issuing(INSTANCE);
    lists.noteLeft('billing', 'id-8');
    lists.noteLeft('other', 'id-9');
  });
  expect(facts).toMatchObject({ inUse: 3, live: 2, waitingStrays: 1 });
});

test('strays of a record wait unless this publish takes them in, and without a record they never do', async () => {
  const listed = [marked(7, 7), marked(8, 8, 1000)];
  expect(await factsOf({ record, listed })).toMatchObject({ live: 2, waitingStrays: 1 });
  expect(await factsOf({ record, listed }, () => {}, 1)).toMatchObject({ live: 2, waitingStrays: 0 });
  expect(await factsOf({ listed })).toMatchObject({ live: 2, waitingStrays: 0 });
});

test('it is urgent where consumers have nothing to count on', async () => {
  expect((await factsOf({ record })).urgent).toBe(false);
  expect((await factsOf({ record, current: { is: 'gone' }, listed: [] })).urgent).toBe(true);
  expect((await factsOf({})).urgent).toBe(true);
});

test('a refusal that stops everything can be lifted although four credentials live, for none of them can be revoked', async () => {
  const listed = [marked(7, 7), marked(6, 6), marked(5, 5), marked(4, 4)];
  const superseded = [6, 5, 4].map((n) => {
    return { id: `id-${n}`, access_key_id: `AK${n}`, instance: INSTANCE, revoke_at: iso(NOW + DAY), why: 'rotated' };
  });
  const full = recordOf({ superseded });
  const edited = { record: full, listed, data: { ...dataOf(full), endpoint: 'https://else.example' } };
  expect(unmetForIssue(await factsOf({ ...edited, request: despite('edited') }))).toEqual([]);
  const [unmet] = unmetForIssue(await factsOf({ record: full, listed, request: askRotate }));
  expect(unmet?.code).toBe('too-many-live');
});

test('a marker of ours that is cut in the list is a reason not to issue, and one of another owner is none', async () => {
  const cut = marked(8, 8).description.slice(0, 30);
  const { garbled } = await factsOf({ record, listed: [marked(7, 7), unmarked(8, cut)] });
  expect(garbled).toContain('AK8');
  const theirs = cut.replace(BEARER.owner, 'acme2');
  expect((await factsOf({ record, listed: [marked(7, 7), unmarked(8, theirs)] })).garbled).toBeUndefined();
  const problem = { code: 'description-changed', reason: 'it changed one', remedy: 'ask' };
  const told = await factsOf({ record }, (_, { lists }) => lists.distrust(INSTANCE, problem));
  expect(told.distrusted).toBe('it changed one');
});

test('an endpoint that does not answer is told with the reason', async () => {
  const facts = await factsOf({ record }, (memory) => {
    memory.verifier.reach = () => Promise.reject(failure('unavailable', 's3-unreachable'));
  });
  expect(facts.endpointSilent).toContain('s3-unreachable');
});

test('the token is asked to live as long as the longest attempt', async () => {
  const asked: unknown[] = [];
  await factsOf({ record }, (memory) => {
    const { standing } = memory.store;
    memory.store.standing = (path, neededMs) => {
      asked.push(path, neededMs);
      return standing(path, neededMs);
    };
  });
  expect(asked).toEqual(['apps/billing/s3', 180_000]);
});

const hidden = (memory: Memory) => {
  memory.lifetimeMs = undefined;
};

test('a lifetime that the token may not see is taken from what stands there', async () => {
  const stored = { createdAt: NOW - HOUR, expiresAt: NOW + 2 * HOUR } as const;
  expect((await factsOf({ record, stored: stored as never }, hidden)).lifetimeMs).toBe(3 * HOUR);
  expect((await factsOf({ record }, hidden)).lifetimeMs).toBe(Number.POSITIVE_INFINITY);
  expect((await factsOf({}, hidden)).lifetimeMs).toBe(Number.POSITIVE_INFINITY);
  const seen = (memory: Memory) => {
    memory.lifetimeMs = DAY;
  };
  expect((await factsOf({ record, stored: stored as never }, seen)).lifetimeMs).toBe(DAY);
});

test('a write of the same credential shortens no life', async () => {
  const lifetimeMs = async (expiresAt: number | undefined, lifetime: number) => {
    const memory = new Memory();
    memory.lifetimeMs = lifetime;
    const stored = (expiresAt === undefined ? {} : { expiresAt }) as never;
    return (await gatherForWrite(scene({ record, stored }), memory.replica().world)).lifetimeMs;
  };
  expect(await lifetimeMs(undefined, HOUR)).toBe(HOUR);
  expect(await lifetimeMs(NOW + HOUR, HOUR)).toBe(Number.POSITIVE_INFINITY);
  expect(await lifetimeMs(NOW + HOUR + 1, HOUR)).toBe(HOUR);
});

test('the facts of such a write are those of the store besides', async () => {
  const memory = new Memory();
  memory.lifetimeMs = HOUR;
  const stored = { expiresAt: NOW } as never;
  const facts = await gatherForWrite(scene({ record, stored }), memory.replica().world);
  expect(facts).toMatchObject({ path: 'apps/billing/s3', graceMs: DAY, standing: { mount: 'kv-v2' } });
});
