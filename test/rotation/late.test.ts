import { expect, test } from 'vitest';
import { decide } from '../../src/rotation/decide.ts';
import { asArrived, iso } from '../../src/rotation/record.ts';
import { carriedEntries } from '../../src/rotation/superseded.ts';
import { ASKED, settled } from './memory.ts';
import { DAY, HOUR, INSTANCE, marked, NOW, recordOf, scene } from './scene.ts';

const MINUTE = 60_000;
const entry = { id: 'id-6', access_key_id: 'AK6', instance: INSTANCE, revoke_at: iso(NOW - MINUTE), why: 'rotated' };
const LISTED = [marked(7, 7), marked(6, 6)];

/** A record that was sent a grace ago as version 3, the one that the scene reads. */
const record = recordOf({ superseded: [entry], written: { version: 3, at: iso(NOW - MINUTE - DAY) } });

test('a publish that was on its way for an hour leaves the old key its whole grace from when it arrived', () => {
  const createdAt = NOW - MINUTE - DAY + HOUR;
  const s = scene({ record, listed: LISTED, stored: { createdAt } as never });
  expect(decide(s).decision).toMatchObject({ do: 'wait', until: NOW - MINUTE + HOUR, next: 'revoke AK6' });
  const later = scene({ record, listed: LISTED, stored: { createdAt } as never, now: NOW + HOUR });
  expect(decide(later).decision).toMatchObject({ do: 'revoke' });
});

test('the longer grace is what the next write carries on', () => {
  const s = scene({ record, listed: LISTED, stored: { createdAt: NOW - MINUTE - DAY + HOUR } as never });
  const [carried] = s.record ? carriedEntries(s, s.record) : [];
  expect(carried?.revoke_at).toBe(iso(NOW - MINUTE + HOUR));
});

test('a publish that arrived at once is revoked as stored', () => {
  const s = scene({ record, listed: LISTED, stored: { createdAt: NOW - MINUTE - DAY } as never });
  expect(decide(s).decision).toMatchObject({ do: 'revoke' });
});

test('a clock of ours that was ahead of the one of Vault shortens nothing', () => {
  const arrived = asArrived(record, { version: 3, createdAt: NOW - 2 * DAY });
  expect(arrived.superseded).toEqual([entry]);
});

test('a version that a person wrote long after ours puts no revocation off', () => {
  expect(asArrived(record, { version: 4, createdAt: NOW }).superseded).toEqual([entry]);
});

test('what only a person revokes stays so, however late it arrived', () => {
  const adopted = { ...entry, revoke_at: null, why: 'adopted' };
  const arrived = asArrived({ ...record, superseded: [adopted] }, { version: 3, createdAt: NOW });
  expect(arrived.superseded).toEqual([adopted]);
});

test('only the graces that begin with a version are longer by the time it was on its way', () => {
  const written = { version: 3, at: iso(NOW - MINUTE - DAY), begins: ['id-5'] };
  const begun = { ...entry, id: 'id-5', access_key_id: 'AK5' };
  const late = recordOf({ superseded: [entry, begun], written });
  const of = { record: late, listed: [...LISTED, marked(5, 5)], stored: { createdAt: NOW } };
  const { decision } = decide(scene(of));
  expect(decision).toMatchObject({ do: 'revoke', entries: [{ id: 'id-6' }] });
});

test('a write names the credentials whose graces begin with it, and leaves the others as they are', async () => {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  const [first] = memory.record.superseded;
  memory.clock.advance(60_000);
  const { write } = memory.store;
  // each write is a second on its way
  memory.store.write = (...args) => {
    memory.clock.advance(1_000);
    return write(...args);
  };
  await replica.pass(ASKED);
  await replica.pass(ASKED);
  expect(memory.record.superseded[0]).toEqual(first);
  expect(memory.record.written?.begins).toEqual(['id-3']);
});
