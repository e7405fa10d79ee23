import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf, readRecord, writeRecord } from '../../src/rotation/record.ts';
import { FIELDS, recordOf } from './scene.ts';

test('a record reads back as it was written, unknown members included', () => {
  const record = { ...recordOf(), colour: 'blue', credential: { ...recordOf().credential, shade: 'dark' } };
  expect(readRecord({ rekeyd: writeRecord(record as never) })).toEqual({ state: 'record', record });
});

test('without the field there is no record', () => {
  expect(readRecord({ access_key_id: 'AK1' })).toEqual({ state: 'none' });
});

test('a record of a newer version is not touched', () => {
  const reading = readRecord({ rekeyd: JSON.stringify({ ...recordOf(), v: 2 }) });
  expect(reading).toEqual({ state: 'unreadable', why: 'a newer rekeyd wrote it (v 2)' });
});

test('why a record cannot be read names places, never values', () => {
  const reading = readRecord({ rekeyd: JSON.stringify({ ...recordOf(), digest: 'hunter2', generation: -1 }) });
  expect(reading).toEqual({ state: 'unreadable', why: 'not as rekeyd writes it: generation, digest' });
});

test('whatever stands in the field, reading it ends in one of three answers', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.json(), fc.string()), (value) => {
      expect(['none', 'unreadable', 'record']).toContain(readRecord({ rekeyd: value }).state);
    }),
  );
});

test('a record with any one member missing or of another kind is not believed', () => {
  const record: Record<string, unknown> = recordOf();
  const optional = new Set(['hold']);
  for (const name of Object.keys(record).filter((member) => !optional.has(member))) {
    for (const value of [undefined, { a: 1 }, -5.5]) {
      const reading = readRecord({ rekeyd: JSON.stringify({ ...record, [name]: value }) });
      expect(reading.state, `${name}: ${JSON.stringify(value)}`).toBe('unreadable');
    }
  }
});

test('the digest is of the values of our fields, whatever their order and whatever else stands there', () => {
  const data = { access_key_id: 'AK1', secret_access_key: 's', endpoint: 'e' };
  const turned = { endpoint: 'e', other: 1, secret_access_key: 's', access_key_id: 'AK1' };
  expect(digestOf(turned, Object.keys(FIELDS))).toBe(digestOf(data, Object.keys(FIELDS)));
  expect(digestOf({ ...data, endpoint: 'f' }, Object.keys(FIELDS))).not.toBe(digestOf(data, Object.keys(FIELDS)));
  expect(digestOf({ access_key_id: 'AK1' }, Object.keys(FIELDS))).not.toBe(digestOf(data, Object.keys(FIELDS)));
});
