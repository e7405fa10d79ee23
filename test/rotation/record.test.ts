import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTooDeep } from '../../src/rotation/depth.ts';
import { digestOf, iso, readRecord, writeRecord } from '../../src/rotation/record.ts';
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

test('a hold and a note of the write are believed whole or not at all', () => {
  const hold = { until: iso(0), by: 'somebody', why: 'a freeze' };
  const written = { version: 3, at: iso(0) };
  expect(whyOf(JSON.stringify({ ...recordOf(), hold, written }))).toBe('record');
  for (const name of ['until', 'by', 'why']) {
    expect(whyOf(JSON.stringify({ ...recordOf(), hold: { ...hold, [name]: 5 } }))).toContain(`hold.${name}`);
  }
  expect(whyOf(JSON.stringify({ ...recordOf(), written: { ...written, version: 0 } }))).toContain('written.version');
  expect(whyOf(JSON.stringify({ ...recordOf(), written: { version: 3 } }))).toContain('written.at');
});

test('the digest is of the values of our fields, whatever their order and whatever else stands there', () => {
  const data = { access_key_id: 'AK1', secret_access_key: 's', endpoint: 'e' };
  const turned = { endpoint: 'e', other: 1, secret_access_key: 's', access_key_id: 'AK1' };
  expect(digestOf(turned, Object.keys(FIELDS))).toBe(digestOf(data, Object.keys(FIELDS)));
  expect(digestOf({ ...data, endpoint: 'f' }, Object.keys(FIELDS))).not.toBe(digestOf(data, Object.keys(FIELDS)));
  expect(digestOf({ access_key_id: 'AK1' }, Object.keys(FIELDS))).not.toBe(digestOf(data, Object.keys(FIELDS)));
});

const whyOf = (value: unknown): string => {
  const reading = readRecord({ rekeyd: value });
  return reading.state === 'unreadable' ? reading.why : reading.state;
};

test('why a record cannot be read says what is wrong with it as a whole', () => {
  expect(whyOf(7)).toMatch(/string/);
  expect(whyOf('{')).toMatch(/JSON/);
  expect(whyOf('5')).toMatch(/the whole$/);
  expect(whyOf('null')).toMatch(/the whole$/);
  expect(whyOf(JSON.stringify({ ...recordOf(), v: '2' }))).toMatch(/: v$/);
});

test('what is nested deeper than anybody nests a secret is not believed, and what is nested a little is', () => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels)}${']}'.repeat(levels)}`;
  const withMember = (levels: number) => JSON.stringify({ ...recordOf(), more: 0 }).replace('0}', `${nested(levels)}}`);
  expect(whyOf(withMember(20))).toBe('record');
  expect(whyOf(withMember(600))).toMatch(/deep/);
});

test('depth is counted in levels, of objects and lists alike', () => {
  const list = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => [inner, null], 1);
  expect(isTooDeep(1)).toBe(false);
  expect(isTooDeep({ wide: Array.from({ length: 2000 }, () => ({ a: 1 })) })).toBe(false);
  expect(isTooDeep(list(500))).toBe(false);
  expect(isTooDeep(list(501))).toBe(true);
});

test('the places that are wrong are named, five at most, and never the name of a field of somebody', () => {
  const entry = { id: 'id-6', access_key_id: 'AK6', instance: 'os-ab123', revoke_at: 'soon', why: 'rotated' };
  const record = { ...recordOf(), fields: { hunter2: 5 }, superseded: [entry] };
  expect(whyOf(JSON.stringify(record))).toMatch(/: fields, superseded\.0\.revoke_at$/);
  expect(whyOf('{}').split(',')).toHaveLength(5);
});

test.each([
  ['owner', ['', 'a b', 'a\nb', 'ä', 'x'.repeat(501)], ['x', '~!', 'x'.repeat(500)]],
  ['place', ['0a1b2c3', '0a1b2c3d4', '0A1B2C3D', 'x0a1b2c3d'], ['0a1b2c3d', '99999999']],
  ['digest', ['0'.repeat(63), '0'.repeat(65), 'g'.repeat(64)], ['0'.repeat(64), 'f'.repeat(64)]],
  ['region', ['a\u0007b', '\n', 'x\u0000'], ['', 'dc sto1', 'ä']],
  ['generation', [0, -1, 1.5, '1'], [1, 999]],
  ['published_at', ['yesterday', '2026-03-10'], ['2026-03-10T12:00:00Z', '2026-03-10T12:00:00+01:00']],
] as const)('%s of a record is taken only in the shape in which it is written', (member, wrong, right) => {
  for (const value of wrong)
    expect(whyOf(JSON.stringify({ ...recordOf(), [member]: value })), `${value}`).toContain(member);
  for (const value of right)
    expect(whyOf(JSON.stringify({ ...recordOf(), [member]: value })), `${value}`).toBe('record');
});

test('of entries that contradict one another the one that lets the credential live the longest holds', () => {
  const entry = { id: 'id-6', access_key_id: 'AK6', instance: 'os-ab123', revoke_at: iso(1000), why: 'rotated' };
  const entries = [
    entry,
    { ...entry, revoke_at: iso(3000) },
    { ...entry, revoke_at: iso(2000) },
    { ...entry, instance: 'os-old' },
  ];
  const reading = readRecord({ rekeyd: writeRecord(recordOf({ superseded: entries })) });
  expect(reading).toMatchObject({ record: { superseded: [entries[1], entries[3]] } });
});

test('a time outside of the years with four digits is moved to their ends, for it would not be read again', () => {
  expect(iso(Number.MAX_SAFE_INTEGER)).toBe('9999-12-31T00:00:00.000Z');
  expect(iso(-Number.MAX_SAFE_INTEGER)).toBe('0001-01-01T00:00:00.000Z');
  expect(iso(0)).toBe('1970-01-01T00:00:00.000Z');
});
