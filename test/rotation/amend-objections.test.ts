import { expect, test } from 'vitest';
import { formatMarker } from '../../src/rotation/marker.ts';
import { iso } from '../../src/rotation/record.ts';
import type { Amendment } from '../../src/rotation/rotator.ts';
import { ASKED, Memory, settled } from './memory.ts';
import { BEARER, DAY, HOUR, INSTANCE } from './scene.ts';

/** What stands against an amendment is told with its facts and the way out; what else an amendment takes along. */

const shorten = (credentialId: string): Amendment => {
  return { amend: 'shorten', instance: INSTANCE, credentialId, graceMs: 0 };
};

async function rotated() {
  const { memory, replica } = await settled();
  await replica.pass(ASKED);
  const amend = (amendment: Amendment) => replica.rotator.amend('billing', amendment);
  const troubleOf = async (amendment: Amendment) => (await amend(amendment)).outcome.trouble;
  const stray = (id: string, generation: number, age: number) => {
    const attemptedAt = memory.clock.now() - age;
    return memory.issuer.make(formatMarker({ ...BEARER, generation, attemptedAt, nonce: '00000000' }), id);
  };
  return { memory, replica, amend, troubleOf, stray };
}

const KINDS: readonly Amendment[] = [
  { amend: 'hold', until: 0, by: 'anna', why: '' },
  { amend: 'release' },
  shorten('id-1'),
  { amend: 'retire' },
];

test.each(KINDS)(
  'where nothing was written yet there is nothing to $amend, and the way out names the path',
  async (amendment) => {
    const { outcome, stands } = await new Memory().replica().rotator.amend('billing', amendment);
    expect(stands).toBe(false);
    expect(outcome.trouble).toMatchObject({
      code: 'no-record',
      reason: expect.stringContaining('apps/billing/s3'),
      remedy: expect.stringContaining('rekeyd rotate billing'),
    });
  },
);

test('the current credential is named, and that it is to be rotated first', async () => {
  const { memory, troubleOf } = await rotated();
  expect(await troubleOf(shorten('id-2'))).toMatchObject({
    reason: expect.stringContaining(memory.record.credential?.access_key_id ?? '-'),
    remedy: expect.stringContaining('rekeyd rotate billing'),
  });
});

test('of a credential that is nothing to the application the way out shows whose it is', async () => {
  const { troubleOf } = await rotated();
  expect(await troubleOf(shorten('id-77'))).toMatchObject({
    reason: expect.stringContaining('neither'),
    remedy: expect.stringMatching(/rekeyd status billing.*rekeyd keys sto1/),
  });
});

test('of an adopted credential the way out is to revoke it directly', async () => {
  const { memory, troubleOf } = await rotated();
  const superseded = [{ ...memory.record.superseded[0], revoke_at: null, why: 'adopted' }];
  memory.put({ ...memory.secret, rekeyd: JSON.stringify({ ...memory.record, superseded }) });
  expect(await troubleOf(shorten('id-1'))).toMatchObject({
    reason: expect.stringContaining('not issued for this application'),
    remedy: expect.stringContaining('rekeyd revoke sto1'),
  });
});

test('what was superseded by a retired application can be shortened too', async () => {
  const { memory, amend } = await rotated();
  await amend({ amend: 'retire' });
  expect((await amend(shorten('id-2'))).stands).toBe(true);
  const entry = memory.record.superseded.find(({ id }) => id === 'id-2');
  expect(entry).toMatchObject({ shortened: true, revoke_at: iso(memory.clock.now()) });
});

test('old strays beside a shortened grace are entered with a grace of their own, young ones are left', async () => {
  const { memory, amend, stray } = await rotated();
  stray('id-8', 3, HOUR);
  stray('id-9', 3, 0);
  await amend(shorten('id-1'));
  expect(memory.record.superseded.map(({ id }) => id)).toEqual(['id-1', 'id-8']);
  expect(memory.record.superseded[1]).toMatchObject({ why: 'stray', revoke_at: iso(memory.clock.now() + DAY) });
});

test('a retirement leaves what is from beyond a backup to a person', async () => {
  const { memory, amend, stray } = await rotated();
  stray('id-9', 7, DAY);
  memory.issuer.made.delete('id-2');
  await amend({ amend: 'retire' });
  expect(memory.record.superseded.find(({ id }) => id === 'id-9')).toMatchObject({ why: 'behind', revoke_at: null });
});

test('what is told of a shortened grace is about the one that was named', async () => {
  const { memory, replica, amend } = await rotated();
  await replica.pass(ASKED);
  memory.events.length = 0;
  await amend(shorten('id-2'));
  expect(memory.told('grace.shortened')).toMatchObject([{ credentialId: 'id-2' }]);
});
