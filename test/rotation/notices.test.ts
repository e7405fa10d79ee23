import { expect, test } from 'vitest';
import { NOTICES, noticesOf } from '../../src/rotation/notices.ts';
import { iso, type Superseded } from '../../src/rotation/record.ts';
import { WITHHOLDINGS } from '../../src/rotation/revocation.ts';
import { BEARER, DAY, dataOf, HOUR, INSTANCE, marked, NOW, recordOf, type Scene, scene, unmarked } from './scene.ts';

const record = recordOf();
const entry = { id: 'id-6', access_key_id: 'AK6', instance: INSTANCE, revoke_at: iso(NOW), why: 'rotated' };
const forGood = { ...entry, revoke_at: null };
const listed = [marked(7, 7), marked(6, 6), marked(5, 5)];
const entries = (...superseded: Superseded[]) => recordOf({ superseded });

/** Each notice with a situation that calls for it, and the facts that its reason must name. */
const cases: readonly [code: string, of: Scene, facts: readonly string[]][] = [
  ['clocks-disagree', { record, stored: { serverTime: NOW + HOUR } }, ['3600 s']],
  ['list-distrusted', { record, current: { is: 'unlisted' }, listed: [] }, [INSTANCE]],
  ['current-uncertain', { record, current: { is: 'uncertain', detail: 'no answer' } }, [INSTANCE, 'no answer']],
  [
    'policies-disagree',
    { record, policyLoadedAt: 0, application: { fields: { ...record.fields, REGION: '{region}' } } },
    ['replica-1'],
  ],
  [
    'adopted-still-live',
    {
      record: entries({ ...forGood, why: 'adopted' }, { ...forGood, id: 'id-5', access_key_id: 'AK5', why: 'adopted' }),
      listed,
    },
    ['AK6, AK5'],
  ],
  ['behind-still-live', { record: entries({ ...forGood, why: 'behind' }), listed }, ['AK6']],
  ['instance-unnamed', { record: entries({ ...entry, instance: 'os-old' }) }, ['AK6', 'os-old']],
  ['is-current', { record: entries({ ...entry, access_key_id: 'AK7' }), listed }, ['AK7']],
  ['key-differs', { record: entries({ ...entry, access_key_id: 'OTHER' }), listed }, ['id-6', 'AK6', 'OTHER']],
  ['still-referenced', { record: entries(entry), data: dataOf(entries(entry), { NOTE: 'AK6' }), listed }, ['AK6']],
  ['not-marked', { record: entries(entry), listed: [marked(7, 7), unmarked(6)] }, ['AK6']],
];

test.each(cases)('%s is shown alone, with what it is about and what to do', (code, of, facts) => {
  const notices = noticesOf(scene(of));
  expect(notices.map((notice) => notice.code)).toEqual([code]);
  for (const fact of facts) expect(notices[0]?.reason).toContain(fact);
  expect(notices[0]?.remedy).toMatch(/\w{3}/);
});

test('every notice and every reason to let a key live has a situation above', () => {
  const codes = [...NOTICES, ...WITHHOLDINGS].map(({ code }) => code);
  expect(new Set(cases.map(([code]) => code))).toEqual(new Set(codes));
});

test('where all is well there is nothing to notice', () => {
  expect(noticesOf(scene({ record }))).toEqual([]);
  expect(noticesOf(scene({}))).toEqual([]);
  expect(noticesOf(scene({ record, policyLoadedAt: 0 }))).toEqual([]);
  expect(noticesOf(scene({ record, stored: { serverTime: NOW + 60_000 } }))).toEqual([]);
});

test('what has a date of its own, or was settled, is not still live', () => {
  const dated = { ...entry, revoke_at: iso(NOW + HOUR), why: 'adopted' };
  expect(noticesOf(scene({ record: entries(dated), listed }))).toEqual([]);
  expect(noticesOf(scene({ record: entries({ ...forGood, why: 'adopted' }), listed: [marked(7, 7)] }))).toEqual([]);
  expect(noticesOf(scene({ record: entries({ ...forGood, why: 'rotated' }), listed }))).toEqual([]);
});

test('what keeps a key alive is shown from the end of its grace on, by both clocks', () => {
  const of = (revokeAt: number, serverTime = NOW): Scene => {
    return {
      record: entries({ ...entry, revoke_at: iso(revokeAt) }),
      listed: [marked(7, 7), unmarked(6)],
      stored: { serverTime },
    };
  };
  expect(noticesOf(scene(of(NOW))).map(({ code }) => code)).toEqual(['not-marked']);
  expect(noticesOf(scene(of(NOW + 1)))).toEqual([]);
  expect(noticesOf(scene(of(NOW, NOW - 1)))).toEqual([]);
});

test('why a revocation is put off is shown with the key that lives on', () => {
  const problem = { code: 'revocation-failed', reason: 'may not delete', remedy: 'let it' };
  const putOff = new Map([['id-6', { until: NOW + HOUR, problem }]]);
  const [notice] = noticesOf(scene({ record: entries(entry), listed, putOff }));
  expect(notice).toMatchObject({ code: 'revocation-failed', remedy: 'let it' });
  expect(notice?.reason).toMatch(/AK6.*may not delete/);
});

test('a key of another place of the same name is none of ours', () => {
  const elsewhere = marked(6, 6, DAY, { ...BEARER, place: 'ffffffff' });
  const notices = noticesOf(scene({ record: entries(entry), listed: [marked(7, 7), elsewhere] }));
  expect(notices.map(({ code }) => code)).toEqual(['not-marked']);
});

test('what is about to be revoked is nothing to notice', () => {
  expect(noticesOf(scene({ record: entries(entry), listed }))).toEqual([]);
});
