import { afterEach, beforeEach, expect, test } from 'vitest';
import { HOUR, type Replica, Stage } from '../support/stage.ts';

/** A grace of a day, and consumers that look every hour. */
let stage: Stage;
let replica: Replica;
let old: string | undefined;

beforeEach(async () => {
  stage = await Stage.open();
  replica = stage.replica();
  await replica.settle();
  old = stage.record().credential?.id;
  await replica.settle('billing', { rotate: true, despite: [] });
});
afterEach(() => stage.close());

const isOldLive = () => stage.live().some(({ id }) => id === old);

/** Vault is away for so long, and rekeyd sees it at both ends. */
async function away(ms: number): Promise<void> {
  stage.vault.vault.sealed = true;
  await replica.settle();
  stage.clock.advance(ms);
  await replica.settle();
  stage.vault.vault.sealed = false;
}

test('where Vault was away when a grace ended, the old key lives until consumers had the time to look again', async () => {
  await away(25 * HOUR);
  const outcome = await replica.settle();
  expect(outcome).toMatchObject({ notices: [{ code: 'unread-lately' }], nextAt: stage.clock.now() + 2 * HOUR });
  expect(isOldLive()).toBe(true);
  stage.clock.advance(2 * HOUR - 1_000);
  await replica.settle();
  expect(isOldLive()).toBe(true);
  stage.clock.advance(2_000);
  expect((await replica.settle()).notices).toEqual([]);
  expect(isOldLive()).toBe(false);
});

test('a hiccup right after a long silence does not make it forgotten', async () => {
  await away(25 * HOUR);
  await replica.settle();
  stage.vault.faults.add({ path: '/v1/secret/data/', fault: 'status', status: 502, times: 1 });
  expect((await replica.settle()).trouble?.kind).toBe('failed');
  expect(await replica.settle()).toMatchObject({ notices: [{ code: 'unread-lately' }] });
  expect(isOldLive()).toBe(true);
});

test('a silence that costs no consumer more than one look puts nothing off', async () => {
  stage.clock.advance(23.5 * HOUR);
  await away(HOUR);
  await replica.settle();
  expect(isOldLive()).toBe(false);
});

test('a grace that ends well after a long silence ends when it was to end', async () => {
  await away(10 * HOUR);
  expect(await replica.settle()).toMatchObject({ notices: [], next: expect.stringContaining('revoke') });
  stage.clock.advance(14 * HOUR + 1_000);
  await replica.settle();
  expect(isOldLive()).toBe(false);
});

test('what is wrong with one path only puts nothing off', async () => {
  stage.vault.faults.add({ path: '/v1/secret/data/', fault: 'status', status: 403 });
  await replica.settle();
  stage.clock.advance(25 * HOUR);
  stage.vault.faults.clear();
  await replica.settle();
  expect(isOldLive()).toBe(false);
});
