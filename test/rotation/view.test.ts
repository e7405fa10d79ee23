import { expect, test } from 'vitest';
import { iso } from '../../src/rotation/record.ts';
import { viewOf } from '../../src/rotation/view.ts';
import { DAY, HOUR, INSTANCE, marked, NOW, recordOf, scene } from './scene.ts';

const entry = { id: 'id-6', access_key_id: 'AK6', instance: INSTANCE, revoke_at: iso(NOW), why: 'rotated' };

test('a view shows all that lives, without a secret', () => {
  const hold = { until: iso(NOW + HOUR), by: 'anna', why: 'migration' };
  const credential = { ...recordOf().credential, adopted: true } as never;
  const superseded = [
    entry,
    { ...entry, id: 'id-5', access_key_id: 'AK5', revoke_at: null, why: 'adopted' },
    { ...entry, id: 'id-4' },
  ];
  const listed = [marked(7, 7), marked(6, 6), marked(5, 5), marked(8, 8), marked(9, 8, 1000)];
  const view = viewOf(scene({ record: recordOf({ credential, hold, superseded }), listed }));
  expect(view).toEqual({
    application: 'billing',
    issuer: 'sto1',
    path: 'apps/billing/s3',
    generation: 7,
    rotateAt: NOW + 25 * DAY,
    current: {
      credentialId: 'id-7',
      accessKeyId: 'AK7',
      instance: INSTANCE,
      issuedAt: NOW - 5 * DAY,
      publishedAt: NOW - 5 * DAY,
      adopted: true,
    },
    superseded: [
      { credentialId: 'id-6', accessKeyId: 'AK6', instance: INSTANCE, revokeAt: NOW, why: 'rotated' },
      { credentialId: 'id-5', accessKeyId: 'AK5', instance: INSTANCE, revokeAt: null, why: 'adopted' },
    ],
    strays: 1,
    hold: { until: NOW + HOUR, by: 'anna', why: 'migration' },
  });
});

test('without a record every credential of ours is a stray that is shown', () => {
  const view = viewOf(scene({ listed: [marked(8, 1), marked(9, 1, 1000)] }));
  expect(view).toEqual({ application: 'billing', issuer: 'sto1', path: 'apps/billing/s3', superseded: [], strays: 2 });
});

test('what a record of another owner, application or place names is told to be theirs, but for one that is taken over', () => {
  const isOfAnother = (of: Parameters<typeof scene>[0]) => viewOf(scene(of)).isOfAnother;
  expect(isOfAnother({ record: recordOf() })).toBeUndefined();
  expect(isOfAnother({ record: recordOf({ owner: 'else' }) })).toBe(true);
  expect(isOfAnother({ record: recordOf({ place: '99999999' }) })).toBe(true);
  const adopt = { owner: 'acme', application: 'reports' };
  expect(isOfAnother({ record: recordOf({ application: 'reports' }), application: { adopt } })).toBeUndefined();
});
