import { describe, expect, test } from 'vitest';
import type { RotatePolicy } from '../../src/policy/policy.ts';
import { decide } from '../../src/rotation/decide.ts';
import { isPressing } from '../../src/rotation/lifetime.ts';
import { iso, writeRecord } from '../../src/rotation/record.ts';
import { ASKED, failure, Memory } from './memory.ts';
import { DAY, HOUR, NOW, recordOf, scene } from './scene.ts';

const LIFETIME = 10 * DAY;
const GRACE = DAY;
const FREEZE = { amend: 'hold', by: 'anna', why: 'freeze' } as const;

/** Vault deletes each version after ten days; the schedule asks for a rotation only after thirty. */
async function started(more: { readonly rotate?: RotatePolicy } = {}) {
  const memory = new Memory();
  memory.lifetimeMs = LIFETIME;
  const replica = memory.replica({ graceMs: GRACE, ...more });
  await replica.pass();
  return { memory, ...replica };
}

const ending = { expiresAt: NOW + GRACE - 1 };
const record = recordOf();
const held = recordOf({ hold: { until: iso(NOW + 20 * DAY), by: 'anna', why: 'freeze' } });
const doing = (of: Parameters<typeof scene>[0]) => decide(scene(of)).decision.do;

describe('where Vault would delete a secret that no rotation may replace, it is written once more', () => {
  test.each([
    ['while a person holds the application', { record: held }],
    ['while the clocks disagree', { record, stored: { ...ending, serverTime: NOW + HOUR } }],
    ['while the list lacks a credential that S3 accepts', { record, current: { is: 'unlisted' as const } }],
    ['once it is out of service', { record: recordOf({ credential: null, fields: {} }) }],
  ])('%s', (_, of) => {
    expect(doing({ stored: ending, ...of })).toBe('renew');
  });

  test.each([
    ['a rotation replaces it', { record }, 'rotate'],
    ['it is gone at the issuer', { record: held, current: { is: 'gone' as const } }, 'rotate'],
    ['a person asks for a new one', { record: held, request: ASKED }, 'rotate'],
    ['more than a grace is left', { record: held, stored: { expiresAt: NOW + GRACE + 1 } }, 'wait'],
    ['Vault keeps it for ever', { record: held, stored: {} }, 'wait'],
  ])('and is not where %s', (_, of, instead) => {
    expect(doing({ stored: ending, ...of })).toBe(instead);
  });
});

test('a held application wakes up when its secret is to be written once more', () => {
  const { decision } = decide(scene({ record: held, stored: { expiresAt: NOW + 5 * DAY } }));
  expect(decision).toMatchObject({ do: 'wait', until: NOW + 5 * DAY - GRACE, next: 'write the secret once more' });
});

test('a hold, and what only a person revokes, outlive the time after which Vault deletes versions', async () => {
  const { memory, rotator, pass } = await started();
  await pass(ASKED);
  const [old] = memory.record.superseded;
  if (!old) throw new Error('a rotation superseded nothing');
  const superseded = [{ ...old, revoke_at: null, why: 'behind' }];
  memory.put({ ...memory.secret, rekeyd: writeRecord({ ...memory.record, superseded }) });
  await rotator.amend('billing', { ...FREEZE, until: memory.clock.now() + 60 * DAY });
  const before = memory.secret['secret_access_key'];
  for (let day = 0; day < 25; day += 1) {
    memory.clock.advance(DAY);
    await pass();
  }
  expect(memory.record).toMatchObject({ generation: 2, hold: { by: 'anna' }, superseded });
  expect(memory.secret['secret_access_key']).toBe(before);
  expect(memory.told('secret.renewed')).toHaveLength(2);
});

test('an application that is out of service stays so, however often Vault deletes versions', async () => {
  const { memory, rotator, pass } = await started();
  await rotator.amend('billing', { amend: 'retire' });
  for (let day = 0; day < 25; day += 1) {
    memory.clock.advance(DAY);
    await pass();
  }
  expect(memory.live).toEqual([]);
  expect(memory.record.credential).toBeNull();
});

test('a secret outlives an issuer that issues nothing until Vault would delete it', async () => {
  const { memory, pass } = await started();
  const { issue } = memory.issuer;
  memory.issuer.issue = () => Promise.reject(failure('unavailable', 'issuer-unreachable'));
  for (let hours = 0; hours < 15 * 24; hours += 6) {
    memory.clock.advance(6 * HOUR);
    await pass();
    expect((await memory.store.read('apps/billing')).state).toBe('present');
  }
  expect(memory.record.generation).toBe(1);
  memory.issuer.issue = issue;
  memory.clock.advance(LIFETIME - GRACE);
  await pass();
  expect(memory.record.generation).toBe(2);
});

test('what is written so that Vault keeps it is not written where Vault would delete it as soon', async () => {
  const { memory, rotator, pass } = await started();
  await rotator.amend('billing', { ...FREEZE, until: memory.clock.now() + 60 * DAY });
  memory.lifetimeMs = GRACE;
  memory.clock.advance(LIFETIME - HOUR);
  const { version } = await memory.store.read('apps/billing');
  expect((await pass()).trouble).toMatchObject({ kind: 'blocked', code: 'lifetime-short' });
  expect((await memory.store.read('apps/billing')).version).toBe(version);
});

test('an attempt that fails while half of the last grace is left is only tried again', async () => {
  const { memory, pass } = await started();
  memory.issuer.issue = () => Promise.reject(failure('unavailable', 'issuer-unreachable'));
  memory.clock.advance(LIFETIME - GRACE / 2 - 1);
  await pass();
  expect(memory.told('secret.renewed')).toEqual([]);
  memory.clock.advance(1);
  await pass();
  expect(memory.told('secret.renewed')).toHaveLength(1);
});

test('a record that is to be taken over by its name is not written once more before that', () => {
  const application = { adopt: { owner: 'acme', application: 'reports' } };
  const theirs = recordOf({ application: 'reports' });
  const apart = { ...ending, serverTime: NOW + HOUR };
  expect(doing({ record: theirs, application, stored: apart })).toBe('adopt');
});

test('a version that ends sooner than the settings say which the token may see is not written again and again', async () => {
  const { memory, rotator, pass } = await started();
  await rotator.amend('billing', { ...FREEZE, until: memory.clock.now() + 60 * DAY });
  const { version } = await memory.store.read('apps/billing');
  memory.lifetimeMs = GRACE / 2;
  memory.put(memory.secret);
  memory.standing = { lifetimeMs: LIFETIME };
  expect((await pass()).trouble).toMatchObject({ kind: 'blocked', code: 'lifetime-short' });
  expect((await memory.store.read('apps/billing')).version).toBe(version + 1);
});

test('where the grace is short every failed attempt within it counts as the last one', () => {
  const at = (graceMs: number, left: number) =>
    isPressing(scene({ record, application: { graceMs }, stored: { expiresAt: NOW + left } }));
  expect([at(HOUR, HOUR), at(HOUR, HOUR + 1)]).toEqual([true, false]);
  expect([at(3 * HOUR, 2 * HOUR), at(3 * HOUR, 2 * HOUR + 1)]).toEqual([true, false]);
  expect([at(GRACE, GRACE / 2), at(GRACE, GRACE / 2 + 1)]).toEqual([true, false]);
});
