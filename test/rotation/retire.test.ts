import { expect, test } from 'vitest';
import { iso, type RotationRecord } from '../../src/rotation/record.ts';
import { ASKED, failure, RESYNC_MS, settled } from './memory.ts';
import { DAY, HOUR, INSTANCE, marked } from './scene.ts';

const names = { application: 'billing', issuer: 'sto1', instance: INSTANCE };

/** A settled application with two superseded credentials whose graces are over. */
async function over() {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  await replica.pass(ASKED);
  memory.clock.advance(DAY + 1);
  memory.events.length = 0;
  return { memory, replica };
}

type Memory = Awaited<ReturnType<typeof over>>['memory'];

const rewrite = (memory: Memory, change: Partial<RotationRecord>) => {
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, ...change }) });
};

test('each revocation is told with whose key it was, why, and how long the call took', async () => {
  const { memory, replica } = await over();
  const [first, second] = memory.record.superseded;
  const { revoke } = memory.issuer;
  memory.issuer.revoke = (id) => {
    memory.clock.advance(1000);
    return revoke(id);
  };
  expect((await replica.pass()).did).toBe('revoked');
  const told = (entry: typeof first, generation: number) => ({
    ...names,
    event: 'credential.revoked',
    step: 'revoke',
    generation,
    credentialId: entry?.id,
    accessKeyId: entry?.access_key_id,
    revokeAt: Date.parse(entry?.revoke_at ?? ''),
    why: 'rotated',
    durationMs: 1000,
  });
  expect(memory.events).toEqual([told(first, 1), told(second, 2)]);
  expect(memory.issuer.revoked).toEqual(['id-1', 'id-2']);
  expect(memory.versions).toHaveLength(3);
});

test('a revocation that fails is told with its problem and holds up no other', async () => {
  const { memory, replica } = await over();
  const { revoke } = memory.issuer;
  memory.issuer.revoke = (id) => (id === 'id-1' ? Promise.reject(failure('rejected', 'forbidden')) : revoke(id));
  expect((await replica.pass()).did).toBe('revoked');
  expect(memory.events).toMatchObject([
    {
      ...names,
      event: 'revocation.failed',
      generation: 1,
      credentialId: 'id-1',
      why: 'rotated',
      code: 'forbidden',
      reason: 'could not do it: it is forbidden',
      remedy: 'mend it',
    },
    { event: 'credential.revoked', credentialId: 'id-2' },
  ]);
});

test('a revocation that goes on failing is tried after growing pauses, up to an hour', async () => {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  memory.clock.advance(DAY + 1);
  memory.issuer.revoke = () => Promise.reject(failure('rejected', 'forbidden'));
  const pauses: number[] = [];
  for (let tries = 0; tries < 9; tries += 1) {
    const { nextAt } = await replica.pass();
    pauses.push((nextAt - memory.clock.now()) / 1000);
    memory.clock.advance(nextAt - memory.clock.now());
  }
  expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
});

test.each([
  ['somebody wrote in between', (memory: Memory) => memory.put({ ...memory.secret, note: 'by hand' })],
  [
    'the address leads to another Vault by now',
    (memory: Memory) => {
      memory.place = 'ffffffff';
    },
  ],
  [
    'the clocks have come to disagree',
    (memory: Memory) => {
      memory.ahead = -HOUR;
    },
  ],
])('nothing more is revoked once %s', async (_, change) => {
  const { memory, replica } = await over();
  const { revoke } = memory.issuer;
  memory.issuer.revoke = (id) => {
    change(memory);
    return revoke(id);
  };
  await replica.pass();
  expect(memory.issuer.revoked).toEqual(['id-1']);
});

test('where the record cannot be read again nothing is revoked, and the pass has failed', async () => {
  const { memory, replica } = await over();
  const { read } = memory.store;
  let reads = 0;
  memory.store.read = (path) => {
    reads += 1;
    return reads > 1 ? Promise.reject(failure('unavailable', 'vault-sealed')) : read(path);
  };
  const outcome = await replica.pass();
  expect(outcome.trouble).toMatchObject({ kind: 'failed', code: 'vault-sealed' });
  expect(memory.events.at(-1)).toMatchObject({ event: 'pass.failed', why: 'revoke', generation: 3 });
  expect(memory.issuer.revoked).toEqual([]);
});

test('a credential is revoked at its own instance alone', async () => {
  const { memory, replica } = await settled();
  const made = memory.other.make(marked(1, 1).description, 'id-9');
  const entry = { id: 'id-9', access_key_id: made.accessKeyId, instance: 'os-old', revoke_at: iso(0), why: 'rotated' };
  rewrite(memory, { superseded: [entry] });
  expect((await replica.pass()).did).toBe('revoked');
  expect(memory.other.revoked).toEqual(['id-9']);
  expect(memory.issuer.revoked).toEqual([]);
  expect(memory.told('credential.revoked')).toMatchObject([{ instance: 'os-old', generation: 1 }]);
});

test('strays enter the record with a grace of their own, are told, and nothing else changes', async () => {
  const { memory, replica } = await settled();
  const stray = memory.issuer.make(marked(2, 2, HOUR).description);
  const before = memory.record;
  const outcome = await replica.pass();
  const grace = memory.clock.now() + DAY;
  expect(outcome).toMatchObject({ did: 'entered-strays', nextAt: grace, next: `revoke ${stray.accessKeyId}` });
  expect(memory.record).toEqual({
    ...before,
    written: expect.anything(),
    superseded: [
      { id: stray.id, access_key_id: stray.accessKeyId, instance: INSTANCE, revoke_at: iso(grace), why: 'stray' },
    ],
  });
  expect(memory.told('strays.entered')).toEqual([
    {
      ...names,
      event: 'strays.entered',
      generation: 2,
      credentialId: stray.id,
      accessKeyId: stray.accessKeyId,
      revokeAt: grace,
      version: 2,
    },
  ]);
  expect(memory.issuer.revoked).toEqual([]);
});

test('a fence keeps the entries that stand there, and drops what a list has settled', async () => {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  const [kept] = memory.record.superseded;
  const settledEntry = { ...kept, id: 'id-gone', access_key_id: 'AK-gone', revoke_at: iso(memory.clock.now() + HOUR) };
  rewrite(memory, { superseded: [...memory.record.superseded, settledEntry] as never });
  const stray = memory.issuer.make(marked(3, 3, HOUR).description);
  await replica.pass();
  expect(memory.record.superseded.map(({ id }) => id)).toEqual([kept?.id, stray.id]);
});

test('a fence names who wrote the mapping, unless this process may bring it up to its own policy', async () => {
  const { memory } = await settled();
  const older = memory.replica({}, { replica: 'older', policyLoadedAt: 0 });
  memory.issuer.make(marked(2, 2, HOUR).description);
  await older.pass();
  expect(memory.record).toMatchObject({ by: 'replica-1', superseded: [{ id: 'id-2' }] });
  memory.issuer.make(marked(3, 2, HOUR).description);
  memory.clock.advance(HOUR);
  await memory.replica({}, { replica: 'newer' }).pass();
  expect(memory.record).toMatchObject({ by: 'newer', superseded: [{ id: 'id-2' }, { id: 'id-3' }] });
});

test('a fence into a secret that Vault will delete anyway loses nothing by another that lives as long', async () => {
  const { memory, replica } = await settled();
  memory.lifetimeMs = 3 * DAY;
  await replica.pass(ASKED);
  memory.clock.advance(DAY + HOUR);
  await replica.pass();
  memory.issuer.make(marked(3, 3, HOUR).description);
  memory.lifetimeMs = 2 * DAY - HOUR;
  memory.clock.advance(RESYNC_MS + 1);
  expect((await replica.pass()).did).toBe('entered-strays');
});

test('a fence does not make a secret that stands for good one that Vault deletes', async () => {
  const { memory, replica } = await settled();
  memory.issuer.make(marked(2, 2, HOUR).description);
  memory.lifetimeMs = 2 * DAY - HOUR;
  expect((await replica.pass()).trouble).toMatchObject({ kind: 'blocked', code: 'lifetime-short' });
  expect(memory.versions).toHaveLength(1);
});

test('right before each revocation Vault is asked anew which cluster it is', async () => {
  const { memory, replica } = await over();
  const asked: (boolean | undefined)[] = [];
  const { place } = memory.store;
  memory.store.place = (path, anew) => {
    asked.push(anew);
    return place(path, anew);
  };
  await replica.pass();
  expect(memory.issuer.revoked).toHaveLength(2);
  expect(asked).toEqual([true, true, true]);
});

test.each([
  ['its own instance', INSTANCE, 'id-2'],
  ['another instance, under the same id', 'os-old', 'id-1'],
])(
  'our clock put back between two revocations keeps the second, at %s, for its whole grace',
  async (_, instance, id) => {
    const { memory, replica } = await over();
    const [first] = memory.record.superseded;
    if (instance !== INSTANCE) memory.issuer.made.delete('id-2');
    const site = instance === INSTANCE ? memory.issuer : memory.other;
    const made = site.made.get(id) ?? site.make(marked(2, 2).description, id);
    const second = {
      id,
      access_key_id: made.accessKeyId,
      instance,
      revoke_at: iso(memory.clock.now()),
      why: 'rotated',
    };
    rewrite(memory, { superseded: [{ ...first, revoke_at: iso(0) } as never, second] });
    const { revoke } = memory.issuer;
    memory.issuer.revoke = (one) => {
      memory.clock.advance(-1000);
      return revoke(one);
    };
    await replica.pass();
    expect([...memory.issuer.revoked, ...memory.other.revoked]).toEqual(['id-1']);
  },
);

test('the mirror of a retired application names no key', async () => {
  const { memory, replica } = await settled();
  memory.issuer.make(marked(2, 2, HOUR).description);
  rewrite(memory, { credential: null });
  expect((await replica.pass()).did).toBe('entered-strays');
  expect(memory.annotations.at(-1)).toMatchObject({ rekeyd_access_key_id: '', rekeyd_generation: '1' });
  expect(memory.told('mirror.failed')).toEqual([]);
});
