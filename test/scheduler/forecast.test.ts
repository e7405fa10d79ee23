import { expect, test } from 'vitest';
import { forecast } from '../../src/scheduler/forecast.ts';
import { applicationOf } from '../support/policies.ts';
import { DAY, START } from './world.ts';

const application = applicationOf({ rotate: { everyMs: 10 * DAY, timezone: 'UTC', jitterMs: 0 }, graceMs: DAY });
const VIEW = { application: 'billing', issuer: 'sto1', path: 'apps/billing', superseded: [], strays: 0 };

/** What comes within so many days, as `day: what`. */
function coming(days: number, view?: Parameters<typeof forecast>[2]) {
  const found = forecast(application, 'acme', view, START, START + days * DAY);
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

test('of one application at most a thousand steps are told, the earliest, and how it goes on', () => {
  const often = applicationOf({ rotate: { everyMs: 6_000, timezone: 'UTC', jitterMs: 0 }, graceMs: 3_000 });
  const { coming, andSoOn } = forecast(often, 'acme', undefined, START, START + 400 * DAY);
  expect(coming).toHaveLength(1_000);
  expect(coming.at(-1)?.at).toBe(START + 500 * 6_000);
  expect(andSoOn).toBe('every 6s');
  const monthly = applicationOf({ rotate: { cron: '0 3 1 * *', timezone: 'UTC', jitterMs: 0 } });
  expect(forecast(monthly, 'acme', undefined, START, START + 400 * DAY)).not.toHaveProperty('andSoOn');
  const hourly = applicationOf({ rotate: { cron: '0 * * * *', timezone: 'UTC', jitterMs: 0 } });
  expect(forecast(hourly, 'acme', undefined, START, START + 400 * DAY).andSoOn).toBe('at every date of "0 * * * *"');
});
