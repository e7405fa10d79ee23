import { describe, expect, test } from 'vitest';
import type { PortError } from '../../src/rotation/errors.ts';
import type { Amendment } from '../../src/rotation/rotator.ts';
import { ASKED, failure, settled } from './memory.ts';
import { DAY, HOUR, INSTANCE } from './scene.ts';

/** How often an amendment is tried, and what it is told as. */

/** A settled application with one superseded credential, `id-1`, and a store that counts what is sent to it. */
async function arranged() {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  memory.events.length = 0;
  const { write } = memory.store;
  const sent = { writes: 0 };
  /** Every write fails so, the first `times` of them. */
  const failing = (error: () => PortError, times = Number.POSITIVE_INFINITY) => {
    memory.store.write = (...call) => {
      sent.writes += 1;
      return sent.writes <= times ? Promise.reject(error()) : write(...call);
    };
  };
  const amend = (amendment: Amendment) => replica.rotator.amend('billing', amendment);
  return { memory, replica, sent, failing, amend };
}

const conflict = () => failure('rejected', 'conflict');
const RETIRE: Amendment = { amend: 'retire' };

describe('an amendment', () => {
  test.each([
    ['a conflict', conflict, 'conflict'],
    ['an answer that does not come', () => failure('ambiguous', 'vault-unanswered'), 'vault-unanswered'],
  ] as const)('is given up after four tries that each end in %s, and does not stand', async (_, error, code) => {
    const { memory, sent, failing, amend } = await arranged();
    failing(error);
    expect(await amend(RETIRE)).toMatchObject({ stands: false, outcome: { trouble: { kind: 'failed', code } } });
    expect(sent.writes).toBe(4);
    expect(memory.versions).toHaveLength(2);
  });

  test('that met three conflicts is written by the fourth try', async () => {
    const { memory, sent, failing, amend } = await arranged();
    failing(conflict, 3);
    expect(await amend(RETIRE)).toMatchObject({ stands: true, outcome: { did: 'amended' } });
    expect(sent.writes).toBe(4);
    expect(memory.record.credential).toBeNull();
  });

  test.each([
    ['a Vault that takes nothing', () => failure('unavailable', 'vault-sealed'), 'vault-sealed'],
    ['a definite no', () => failure('rejected', 'vault-forbidden'), 'vault-forbidden'],
  ] as const)('is not sent again to %s', async (_, error, code) => {
    const { sent, failing, amend } = await arranged();
    failing(error);
    expect(await amend(RETIRE)).toMatchObject({ stands: false, outcome: { trouble: { kind: 'failed', code } } });
    expect(sent.writes).toBe(1);
  });

  test('is not sent again where the mistake is our own', async () => {
    const { memory, amend } = await arranged();
    let writes = 0;
    memory.store.write = () => {
      writes += 1;
      return Promise.reject(new TypeError('a defect'));
    };
    expect(await amend(RETIRE)).toMatchObject({ stands: false, outcome: { trouble: { code: 'internal-error' } } });
    expect(writes).toBe(1);
  });

  test('that the record says already is not kept from standing by a store that would not take it', async () => {
    const { memory, amend } = await arranged();
    await amend(RETIRE);
    memory.standing = { mount: 'kv-v1' };
    expect((await amend(RETIRE)).stands).toBe(true);
  });
});

describe('a hold', () => {
  const hold = (until: number, why = 'migration'): Amendment => ({ amend: 'hold', until, by: 'anna', why });

  test('that stands already is not written again', async () => {
    const { memory, amend } = await arranged();
    const until = memory.clock.now() + DAY;
    await amend(hold(until));
    expect(await amend(hold(until, 'the same'))).toMatchObject({ stands: true, outcome: { did: 'nothing' } });
    expect(memory.versions).toHaveLength(3);
  });

  test.each([
    ['later', HOUR],
    ['earlier', -HOUR],
  ])('until %s than the one that stands is written in its place', async (_, ms) => {
    const { memory, amend } = await arranged();
    const until = memory.clock.now() + DAY;
    await amend(hold(until));
    expect(await amend(hold(until + ms))).toMatchObject({ stands: true, outcome: { did: 'amended' } });
    expect(Date.parse(memory.record.hold?.until ?? '')).toBe(until + ms);
  });

  test('that is released is written out, and no other time', async () => {
    const { memory, amend } = await arranged();
    await amend(hold(memory.clock.now() + DAY));
    expect(await amend({ amend: 'release' })).toMatchObject({ stands: true, outcome: { did: 'amended' } });
    expect(await amend({ amend: 'release' })).toMatchObject({ stands: true, outcome: { did: 'nothing' } });
    expect(memory.versions).toHaveLength(4);
  });
});

describe('a shortened grace', () => {
  const shorten = (graceMs: number): Amendment => ({
    amend: 'shorten',
    instance: INSTANCE,
    credentialId: 'id-1',
    graceMs,
  });

  test('that is to end earlier than a person said before is written again, and later is not', async () => {
    const { memory, amend } = await arranged();
    await amend(shorten(2 * HOUR));
    expect(await amend(shorten(3 * HOUR))).toMatchObject({ stands: true, outcome: { did: 'nothing' } });
    expect(await amend(shorten(2 * HOUR))).toMatchObject({ stands: true, outcome: { did: 'nothing' } });
    expect(await amend(shorten(HOUR))).toMatchObject({ stands: true, outcome: { did: 'amended' } });
    expect(Date.parse(memory.record.superseded[0]?.revoke_at ?? '')).toBe(memory.clock.now() + HOUR);
  });

  test('of an id at another instance is nothing to this application', async () => {
    const { memory, amend } = await arranged();
    const elsewhere = { ...shorten(0), instance: 'os-old' } as Amendment;
    expect(await amend(elsewhere)).toMatchObject({ outcome: { trouble: { code: 'not-superseded' } } });
    expect(memory.versions).toHaveLength(2);
  });
});

describe('what is told of an amendment', () => {
  const about = { application: 'billing', issuer: 'sto1', instance: INSTANCE, generation: 2, version: 3 };

  test('a hold: until when it is and why, and no key', async () => {
    const { memory, amend } = await arranged();
    await amend({ amend: 'hold', until: memory.clock.now() + DAY, by: 'anna', why: 'migration' });
    expect(memory.events).toStrictEqual([{ event: 'hold.set', ...about, why: 'migration' }]);
  });

  test('a release', async () => {
    const { memory, amend } = await arranged();
    await amend({ amend: 'hold', until: memory.clock.now() + DAY, by: 'anna', why: 'migration' });
    memory.events.length = 0;
    await amend({ amend: 'release' });
    expect(memory.events).toStrictEqual([{ event: 'hold.released', ...about, version: 4 }]);
  });

  test('a shortened grace: whose key ends when', async () => {
    const { memory, amend } = await arranged();
    await amend({ amend: 'shorten', instance: INSTANCE, credentialId: 'id-1', graceMs: HOUR });
    const accessKeyId = memory.record.superseded[0]?.access_key_id;
    const revokeAt = memory.clock.now() + HOUR;
    const key = { credentialId: 'id-1', accessKeyId, revokeAt };
    expect(memory.events).toStrictEqual([{ event: 'grace.shortened', ...about, ...key }]);
  });

  test('a retirement', async () => {
    const { memory, amend } = await arranged();
    await amend(RETIRE);
    expect(memory.events).toStrictEqual([{ event: 'application.retired', ...about }]);
  });
});

describe('who wrote the mapping', () => {
  const release: Amendment = { amend: 'release' };
  const hold = (until: number): Amendment => ({ amend: 'hold', until, by: 'anna', why: '' });

  test('stays named where this process may not bring it up to its own policy', async () => {
    const { memory } = await arranged();
    const older = memory.replica({}, { replica: 'older', policyLoadedAt: 0 });
    await older.rotator.amend('billing', hold(memory.clock.now() + DAY));
    expect(memory.record.by).toBe('replica-1');
  });

  test('is whoever may bring it up to its own policy', async () => {
    const { memory } = await arranged();
    memory.clock.advance(HOUR);
    const newer = memory.replica({}, { replica: 'newer' });
    await newer.rotator.amend('billing', hold(memory.clock.now() + DAY));
    await newer.rotator.amend('billing', release);
    expect(memory.record.by).toBe('newer');
  });
});
