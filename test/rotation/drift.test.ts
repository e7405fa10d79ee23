import { expect, test } from 'vitest';
import { mappingDiffers, mayBeRewritten, scheduleDiffers } from '../../src/rotation/drift.ts';
import { applicationOf, DAY, HOUR, NOW, recordOf, type Scene, scene } from './scene.ts';

const record = recordOf();

test.each([
  ['another endpoint', { endpoint: 'https://elsewhere.example.net' }, true],
  ['another region', { region: 'dc-fbg1' }, true],
  ['another template', { fields: { ...record.fields, endpoint: 'x{endpoint}' } }, true],
  ['nothing else', {}, false],
])('a record with %s has drifted from the policy: %#', (_, change, drifted) => {
  expect(mappingDiffers(scene({ record }), { ...record, ...change })).toBe(drifted);
});

test('a schedule has drifted when it means something else', () => {
  const rotate = { jitterMs: 0, timezone: 'UTC', everyMs: 30 * DAY };
  expect(scheduleDiffers(scene({ record, application: { rotate } }), record)).toBe(false);
  expect(scheduleDiffers(scene({ record, application: { rotate: { ...rotate, jitterMs: 1 } } }), record)).toBe(true);
});

const rewritable = (of: Scene) => mayBeRewritten(scene({ record, replica: 'replica-2', ...of }));
const loaded = NOW - HOUR;

test('what stood there before this policy was loaded may be rewritten, and nothing that came since', () => {
  expect(rewritable({ stored: { createdAt: loaded - 1 } as never })).toBe(true);
  expect(rewritable({ stored: { createdAt: loaded } as never })).toBe(false);
  expect(rewritable({ stored: { createdAt: loaded } as never, replica: 'replica-1' })).toBe(true);
});

test('the second that a Date header is cut to is no difference of clocks', () => {
  for (const serverTime of [NOW - 2000, NOW + 2000]) {
    expect(rewritable({ stored: { createdAt: loaded - 1, serverTime } as never })).toBe(true);
    expect(rewritable({ stored: { createdAt: loaded, serverTime } as never })).toBe(false);
  }
});

test('where the clocks differ, the load of the policy is put on the clock of Vault', () => {
  const behind = { serverTime: NOW - 30_000 };
  expect(rewritable({ stored: { ...behind, createdAt: loaded - 30_001 } as never })).toBe(true);
  expect(rewritable({ stored: { ...behind, createdAt: loaded - 30_000 } as never })).toBe(false);
});

test('nothing is rewritten where nothing can be read', () => {
  expect(mayBeRewritten(scene({ stored: { state: 'deleted', version: 3 } }))).toBe(false);
  expect(applicationOf().fields).toEqual(record.fields);
});
