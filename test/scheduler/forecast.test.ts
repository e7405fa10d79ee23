import { expect, test } from 'vitest';
import type { ApplicationView } from '../../src/rotation/outcome.ts';
import { forecast, type Standing } from '../../src/scheduler/forecast.ts';
import { applicationOf } from '../support/policies.ts';
import { DAY, START } from './world.ts';

const application = applicationOf({ rotate: { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 }, graceMs: DAY });
const VIEW = { application: 'billing', issuer: 'sto1', path: 'apps/billing', superseded: [], strays: 0 };

/** What comes within so many days, as `day: what`. */
function coming(days: number, view?: ApplicationView, more: Omit<Standing, 'view'> = {}) {
  const standing = { ...(view && { view }), ...more };
  const found = forecast(application, 'acme', standing, START, START + days * DAY);
  return found.coming.map(({ at, what }) => `${(at - START) / DAY}: ${what}`);
}

test('a credential is rotated at its time, then once in every period, and each previous one is revoked a grace later', () => {
  expect(coming(25, { ...VIEW, generation: 7, rotateAt: START + 4 * DAY })).toEqual([
    '4: issue generation 8',
    '5: revoke generation 7',
    '14: issue generation 9',
    '15: revoke generation 8',
    '24: issue generation 10',
    '25: revoke generation 9',
  ]);
});

test('a first credential is issued now and supersedes nothing', () => {
  expect(coming(9)).toEqual(['0: issue generation 1']);
});

test('what is overdue comes now', () => {
  expect(coming(2, { ...VIEW, generation: 7, rotateAt: START - 4 * DAY })).toEqual([
    '0: issue generation 8',
    '1: revoke generation 7',
  ]);
});

test('superseded credentials are revoked after their grace, but for those that only a person revokes', () => {
  const entry = { credentialId: 'id', instance: 'os-1', why: 'rotated' };
  const superseded = [
    { ...entry, accessKeyId: 'LATER', revokeAt: START + 2 * DAY },
    { ...entry, accessKeyId: 'OVER', revokeAt: START - DAY },
    { ...entry, accessKeyId: 'ADOPTED', revokeAt: null },
    { ...entry, accessKeyId: 'BEYOND', revokeAt: START + 4 * DAY },
  ];
  expect(coming(3, { ...VIEW, generation: 7, rotateAt: START + 30 * DAY, superseded })).toEqual([
    '0: revoke OVER',
    '2: revoke LATER',
  ]);
});

test('nothing is scheduled or revoked before a hold ends', () => {
  const hold = { until: START + 6 * DAY, by: 'jo@desk', why: 'change freeze' };
  const superseded = [
    { credentialId: 'id', accessKeyId: 'OLD', instance: 'os-1', revokeAt: START + DAY, why: 'rotated' },
  ];
  expect(coming(8, { ...VIEW, generation: 7, rotateAt: START + 4 * DAY, superseded, hold })).toEqual([
    '6: revoke OLD',
    '6: issue generation 8',
    '7: revoke generation 7',
  ]);
});

test('a credential that is gone is replaced during a hold, and the one before it is revoked only after it', () => {
  const hold = { until: START + 6 * DAY, by: 'jo@desk', why: '' };
  const view = { ...VIEW, generation: 7, rotateAt: START + 4 * DAY, hold };
  expect(coming(7, view, { deed: 'rotate' })).toEqual(['0: issue generation 8', '6: revoke generation 7']);
});

test('what falls due outside of its window is rotated when that opens', () => {
  const rotate = { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0, window: '* 2 * * *' };
  const view = { ...VIEW, generation: 7, rotateAt: START - DAY };
  const [first] = forecast({ ...application, rotate }, 'acme', { view }, START, START + 2 * DAY).coming;
  expect(new Date(first?.at ?? 0).toISOString()).toMatch(/T02:00:00\.000Z$/);
});

test('what was retired is not issued again, and what it superseded is revoked after its grace', () => {
  const superseded = [
    { credentialId: 'id', accessKeyId: 'OLD', instance: 'os-1', revokeAt: START + DAY, why: 'rotated' },
  ];
  const trouble = { kind: 'refused', code: 'retired', reason: '', remedy: '' } as const;
  expect(coming(40, { ...VIEW, generation: 7, superseded }, { trouble })).toEqual(['1: revoke OLD']);
  expect(coming(40, { ...VIEW, generation: 7, superseded }, { trouble: { ...trouble, code: 'edited' } })).toEqual([]);
});

test('what is adopted now is generation 1, rotated a period later, and then revoked by a person only', () => {
  expect(coming(21, VIEW, { deed: 'adopt' })).toEqual([
    '10: issue generation 2',
    '20: issue generation 3',
    '21: revoke generation 2',
  ]);
});

test('an adopted credential is revoked by nobody but a person', () => {
  const current = { credentialId: 'id', accessKeyId: 'HAND', instance: 'os-1', issuedAt: 0, publishedAt: 0 };
  const view = { ...VIEW, generation: 1, rotateAt: START + DAY, current: { ...current, adopted: true } };
  expect(coming(9, view)).toEqual(['1: issue generation 2']);
});

test('of one application at most a thousand steps are told, the earliest, and how it goes on', () => {
  const often = applicationOf({ rotate: { everyMs: 6_000, timezone: 'UTC', jitterMs: 0 }, graceMs: 3_000 });
  const { coming, andSoOn } = forecast(often, 'acme', {}, START, START + 400 * DAY);
  expect(coming).toHaveLength(1_000);
  expect(coming.at(-1)?.at).toBe(START + 500 * 6_000);
  expect(andSoOn).toBe('every 6s');
  const monthly = applicationOf({ rotate: { cron: '0 3 1 * *', timezone: 'UTC', jitterMs: 0 } });
  expect(forecast(monthly, 'acme', {}, START, START + 400 * DAY)).not.toHaveProperty('andSoOn');
  const hourly = applicationOf({ rotate: { cron: '0 * * * *', timezone: 'UTC', jitterMs: 0 } });
  expect(forecast(hourly, 'acme', {}, START, START + 400 * DAY).andSoOn).toBe('at every date of "0 * * * *"');
});
