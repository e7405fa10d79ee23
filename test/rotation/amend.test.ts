import { describe, expect, test } from 'vitest';
import { OBJECTIONS } from '../../src/rotation/amendment.ts';
import { formatMarker } from '../../src/rotation/marker.ts';
import { iso } from '../../src/rotation/record.ts';
import type { Amendment } from '../../src/rotation/rotator.ts';
import { ASKED, failure, Memory, settled } from './memory.ts';
import { BEARER, DAY, HOUR, INSTANCE } from './scene.ts';

const MINUTE = 60_000;

/** A settled application with one superseded credential, `id-1`, in its grace; `id-2` is current. */
async function rotated(more: Parameters<typeof settled>[0] = {}) {
  const { memory, replica } = await settled(more);
  await replica.pass(ASKED);
  memory.events.length = 0;
  const amend = async (amendment: Amendment) => {
    const { outcome, stands } = await replica.rotator.amend('billing', amendment);
    return { ...outcome, stands };
  };
  return { memory, replica, amend };
}

const shorten = (credentialId: string, graceMs = 0): Amendment => {
  return { amend: 'shorten', instance: INSTANCE, credentialId, graceMs };
};

function stray(memory: Memory, generation: number, age = 0) {
  const attemptedAt = memory.clock.now() - age;
  return memory.issuer.make(formatMarker({ ...BEARER, generation, attemptedAt, nonce: '00000000' }), 'id-9');
}

describe('a hold', () => {
  const until = (memory: Memory, ms = 40 * DAY) => memory.clock.now() + ms;
  const hold = (memory: Memory): Amendment => ({ amend: 'hold', until: until(memory), by: 'anna', why: 'migration' });

  test('stops scheduled rotation and revocation in every replica until its time, and no longer', async () => {
    const { memory, replica, amend } = await rotated();
    expect(await amend(hold(memory))).toMatchObject({ did: 'amended', view: { hold: { by: 'anna' } } });
    expect(memory.told('hold.set')).toMatchObject([{ application: 'billing', why: 'migration', version: 3 }]);
    memory.clock.advance(39 * DAY);
    const other = memory.replica({}, { replica: 'replica-2' });
    expect(await other.pass()).toMatchObject({ did: 'nothing', next: 'the hold ends' });
    memory.clock.advance(2 * DAY);
    expect((await replica.pass()).did).toBe('revoked');
    expect((await replica.pass()).did).toBe('rotated');
  });

  test('ends at once when it is released', async () => {
    const { memory, replica, amend } = await rotated();
    await amend(hold(memory));
    memory.clock.advance(2 * DAY);
    expect((await replica.pass()).did).toBe('nothing');
    await amend({ amend: 'release' });
    expect(memory.record.hold).toBeUndefined();
    expect((await replica.pass()).did).toBe('revoked');
  });

  test('leaves what people read in the secret as it is', async () => {
    const { memory, amend } = await rotated();
    memory.put({ ...memory.secret, NOTE: 'ours' });
    const { rekeyd: _, ...before } = memory.secret;
    await amend(hold(memory));
    const { rekeyd: __, ...after } = memory.secret;
    expect(after).toEqual(before);
  });
});

describe('a shortened grace', () => {
  test('ends when the person says, and not before', async () => {
    const { memory, replica, amend } = await rotated();
    expect((await amend(shorten('id-1', 10 * MINUTE))).did).toBe('amended');
    memory.clock.advance(10 * MINUTE - 1);
    expect((await replica.pass()).did).toBe('nothing');
    memory.clock.advance(1);
    expect((await replica.pass()).did).toBe('revoked');
    expect(memory.issuer.revoked).toEqual(['id-1']);
  });

  test('is never longer than it was', async () => {
    const { memory, amend } = await rotated();
    const [before] = memory.record.superseded;
    await amend(shorten('id-1', 30 * DAY));
    expect(memory.record.superseded).toEqual([{ ...before, shortened: true }]);
  });

  test('is not drawn out because Vault was silent', async () => {
    const { memory, replica, amend } = await rotated({ consumers: { refreshMs: HOUR } });
    await amend(shorten('id-1', 3 * HOUR));
    const { read } = memory.store;
    memory.store.read = () => Promise.reject(failure('unavailable', 'vault-sealed'));
    await replica.pass();
    memory.clock.advance(3 * HOUR);
    memory.store.read = read;
    expect((await replica.pass()).did).toBe('revoked');
  });

  test('of a young stray fences it first, so that a publish which is still under way fails', async () => {
    const { memory, replica, amend } = await rotated();
    const observed = memory.versions.length;
    stray(memory, 3);
    expect((await amend(shorten('id-9'))).did).toBe('amended');
    const late = memory.store.write('apps/billing/s3', memory.versions[0]?.data as never, observed);
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
    expect((await replica.pass()).did).toBe('revoked');
    expect(memory.issuer.revoked).toEqual(['id-9']);
    expect(memory.record.superseded.find(({ id }) => id === 'id-1')).not.toHaveProperty('shortened');
  });

  test('of one stray from beyond a backup enters no other that may be in use', async () => {
    const { memory, amend } = await rotated();
    stray(memory, 7, DAY);
    memory.issuer.make(
      formatMarker({ ...BEARER, generation: 8, attemptedAt: memory.clock.now() - DAY, nonce: '00000001' }),
      'id-10',
    );
    memory.issuer.made.delete('id-2');
    await amend(shorten('id-9'));
    expect(memory.record.superseded.map(({ id }) => id)).toEqual(['id-1', 'id-9']);
  });

  test('lets an old key that stands in the secret live on', async () => {
    const { memory, replica, amend } = await rotated();
    memory.put({ ...memory.secret, OLD: memory.record.superseded[0]?.access_key_id });
    await amend(shorten('id-1'));
    expect(await replica.pass()).toMatchObject({ did: 'nothing', notices: [{ code: 'still-referenced' }] });
    expect(memory.issuer.revoked).toEqual([]);
  });
});

describe('a retired application', () => {
  test('loses its fields, and everything that was issued for it once the grace is over', async () => {
    const { memory, replica, amend } = await rotated();
    memory.put({ ...memory.secret, NOTE: 'somebody’s' });
    stray(memory, 3);
    expect(await amend({ amend: 'retire' })).toMatchObject({
      did: 'amended',
      stands: true,
      trouble: { code: 'retired' },
    });
    expect(Object.keys(memory.secret).toSorted()).toEqual(['NOTE', 'rekeyd']);
    expect(memory.record.credential).toBeNull();
    memory.clock.advance(DAY - 1);
    await replica.pass();
    expect(memory.live).toContain('id-2');
    memory.clock.advance(1);
    await replica.pass();
    expect(memory.live).toEqual([]);
    memory.clock.advance(60 * DAY);
    expect(await replica.pass()).toMatchObject({ did: 'nothing', trouble: { code: 'retired' } });
  });

  test('is to be left in the policy until nothing of it lives, and says so', async () => {
    const { memory, replica, amend } = await rotated();
    await amend({ amend: 'retire' });
    const remedy = async () => (await replica.pass()).trouble?.remedy;
    expect(await remedy()).toMatch(/^Leave it in the policy until AK-os-ab123-1, AK-os-ab123-2 are revoked/);
    memory.clock.advance(2 * DAY);
    await replica.pass();
    expect(await remedy()).toMatch(/^Nothing that was issued for it lives: take it out of the policy/);
  });

  test('is no sign that replicas have different policies, whoever retired it', async () => {
    const { memory, amend } = await rotated();
    const other = memory.replica({}, { replica: 'replica-2' });
    memory.clock.advance(HOUR);
    await amend({ amend: 'retire' });
    expect((await other.pass()).notices).toEqual([]);
  });

  test('comes back with a new credential when a person lifts it, and keeps what was not ours', async () => {
    const { memory, replica, amend } = await rotated();
    memory.put({ ...memory.secret, NOTE: 'somebody’s' });
    await amend({ amend: 'retire' });
    expect((await replica.pass({ rotate: true, despite: ['retired'] })).did).toBe('rotated');
    expect(memory.secret).toMatchObject({ NOTE: 'somebody’s', access_key_id: 'AK-os-ab123-3' });
    expect(memory.record).toMatchObject({ generation: 3, credential: { id: 'id-3' } });
  });

  test('is refused where somebody has put values of their own into its fields since', async () => {
    const { memory, replica, amend } = await rotated();
    await amend({ amend: 'retire' });
    memory.put({ ...memory.secret, access_key_id: 'AKIA-by-hand' });
    expect((await replica.pass({ rotate: true, despite: ['retired'] })).trouble?.code).toBe('unmanaged');
    expect(memory.secret['access_key_id']).toBe('AKIA-by-hand');
  });
});

describe('how an amendment is written', () => {
  test('what the record says already is not written again', async () => {
    const { memory, amend } = await rotated();
    for (const amendment of [{ amend: 'release' }, shorten('id-1'), shorten('id-1'), { amend: 'retire' }] as const) {
      await amend(amendment);
    }
    await amend({ amend: 'retire' });
    expect(memory.versions).toHaveLength(4);
  });

  test('after a conflict it is built anew from what stands there then', async () => {
    const { memory, amend } = await rotated();
    const { write } = memory.store;
    memory.store.write = (...call) => {
      memory.store.write = write;
      memory.put({ ...memory.secret, NOTE: 'written in between' });
      return write(...call);
    };
    expect((await amend(shorten('id-1'))).did).toBe('amended');
    expect(memory.secret['NOTE']).toBe('written in between');
  });

  test('an answer that is lost after the write is looked at, and nothing is written twice', async () => {
    const { memory, amend } = await rotated();
    const { write } = memory.store;
    memory.store.write = async (...call) => {
      await write(...call);
      throw failure('ambiguous', 'vault-unanswered');
    };
    expect(await amend({ amend: 'retire' })).toMatchObject({ did: 'nothing', stands: true });
    expect(memory.versions).toHaveLength(3);
  });

  test('a Vault that is away leaves everything as it was', async () => {
    const { memory, amend } = await rotated();
    memory.store.write = () => Promise.reject(failure('unavailable', 'vault-sealed'));
    expect((await amend({ amend: 'release' })).did).toBe('nothing');
    expect((await amend({ amend: 'retire' })).trouble).toMatchObject({ kind: 'failed', code: 'vault-sealed' });
    expect(memory.versions).toHaveLength(2);
  });

  test('a store that would not keep it is not written to', async () => {
    const { memory, amend } = await rotated();
    memory.standing = { mount: 'kv-v1' };
    expect((await amend({ amend: 'retire' })).trouble).toMatchObject({ kind: 'blocked', code: 'mount-not-kv2' });
    expect(memory.versions).toHaveLength(2);
  });

  test('a process that is ending writes nothing more', async () => {
    const { memory, replica, amend } = await rotated();
    await replica.rotator.quiesce();
    expect(await amend({ amend: 'retire' })).toMatchObject({ stands: false, trouble: { code: 'stopping' } });
    expect(memory.versions).toHaveLength(2);
  });

  test('what refuses an application refuses that too', async () => {
    const { memory, amend } = await rotated();
    memory.put({ ...memory.secret, endpoint: 'https://elsewhere.example.net' });
    expect((await amend(shorten('id-1'))).trouble).toMatchObject({ kind: 'refused', code: 'edited' });
    expect(memory.versions).toHaveLength(3);
  });
});

describe('what stands against an amendment', () => {
  const cases: readonly [string, string, (memory: Memory) => Amendment][] = [
    ['still-current', 'the current credential', () => shorten('id-2')],
    ['not-superseded', 'a credential that is nothing to this application', () => shorten('id-77')],
    [
      'not-for-revoking',
      'an adopted credential, which may serve others too',
      (memory) => {
        const [entry] = memory.record.superseded;
        const superseded = [{ ...entry, revoke_at: null, why: 'adopted' }];
        memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, superseded }) });
        return shorten('id-1');
      },
    ],
  ];

  test.each(cases)('%s: %s', async (code, _, prepare) => {
    const { memory, amend } = await rotated();
    const amendment = prepare(memory);
    const written = memory.versions.length;
    expect(await amend(amendment)).toMatchObject({ stands: false, trouble: { kind: 'refused', code } });
    expect(memory.versions).toHaveLength(written);
  });

  test('no-record: nothing was written there yet', async () => {
    const memory = new Memory();
    const { rotator } = memory.replica();
    const hold = { amend: 'hold', until: memory.clock.now() + DAY, by: 'anna', why: '' } as const;
    expect((await rotator.amend('billing', hold)).outcome.trouble).toMatchObject({
      kind: 'refused',
      code: 'no-record',
    });
    expect(memory.versions).toEqual([]);
  });

  test('every objection has its test here', () => {
    const tested = ['no-record', ...cases.map(([code]) => code)];
    expect(OBJECTIONS.map(({ code }) => code).toSorted()).toEqual(tested.toSorted());
  });

  test('a hold in a record has the time that was given', async () => {
    const { memory, amend } = await rotated();
    const until = memory.clock.now() + HOUR;
    await amend({ amend: 'hold', until, by: 'anna', why: '' });
    expect(memory.record.hold?.until).toBe(iso(until));
  });
});

test('a credential that leaked is replaced although more live than usual', async () => {
  const { memory, replica } = await settled();
  for (const generation of [1, 1, 1])
    memory.issuer.make(formatMarker({ ...BEARER, generation, attemptedAt: 0, nonce: `0000000${memory.live.length}` }));
  await replica.pass();
  expect((await replica.pass(ASKED)).trouble?.code).toBe('too-many-live');
  expect((await replica.pass({ ...ASKED, leaked: true })).did).toBe('rotated');
});
