import { expect, test } from 'vitest';
import { decide } from '../../src/rotation/decide.ts';
import { REFUSALS } from '../../src/rotation/refusals.ts';
import { BEARER, DAY, dataOf, despite, marked, recordOf, type Scene, scene, unmarked } from './scene.ts';

const record = recordOf();
const handMade = { access_key_id: 'AK1', secret_access_key: 'made-by-hand' };
const edit = (change: Record<string, unknown>): Scene => ({ record, data: { ...dataOf(record), ...change } });

/** Each refusal with a situation that calls for it. */
const cases: readonly [code: string, what: string, of: Scene][] = [
  ['record-unreadable', 'a record that is not JSON', { data: { ...handMade, rekeyd: '{' } }],
  ['record-unreadable', 'a record that is no string', { data: { ...handMade, rekeyd: 7 } }],
  ['record-unreadable', 'the record of a newer rekeyd', { data: { rekeyd: '{"v":2}' } }],
  [
    'record-unreadable',
    'a record that lacks a member',
    { data: { rekeyd: JSON.stringify({ ...record, digest: undefined }) } },
  ],
  ['unmanaged', 'our fields without a record', { data: handMade }],
  ['unmanaged', 'one of our fields without a record', { data: { endpoint: 'x' } }],
  [
    'unmanaged',
    'a newly mapped field that stands there with another value',
    {
      ...edit({ REGION: 'mine' }),
      application: { fields: { ...record.fields, REGION: '{region}' } },
    },
  ],
  ['edited', 'another secret key', edit({ secret_access_key: 'hand-edit' })],
  ['edited', 'another access key', edit({ access_key_id: 'AKedited' })],
  ['edited', 'another endpoint', edit({ endpoint: 'https://elsewhere.example.net' })],
  ['edited', 'a missing field', edit({ secret_access_key: undefined })],
  [
    'edited',
    'a record whose access key is another',
    {
      record,
      data: {
        ...dataOf(record),
        rekeyd: JSON.stringify({ ...record, credential: { ...record.credential, access_key_id: 'AK9' } }),
      },
    },
  ],
  ['deleted', 'a deleted newest version', { stored: { state: 'deleted', version: 3 } }],
  ['not-ours', 'the record of another owner', { record: recordOf({ owner: 'other' }) }],
  ['not-ours', 'the record of another application', { record: recordOf({ application: 'other' }) }],
  ['copied', 'a record of another place', { record: recordOf({ place: 'ffffffff' }) }],
  [
    'instance-changed',
    'a credential on another instance',
    {
      record: recordOf({
        credential: { id: 'id-7', access_key_id: 'AK7', instance: 'os-old', issued_at: record.published_at },
      }),
    },
  ],
  ['behind', 'a stray two generations on', { record, listed: [marked(7, 7), marked(9, 9)] }],
  ['not-adoptable', 'nothing to adopt', { application: { adopt: true } }],
  ['not-adoptable', 'a key that the instance does not list', { data: handMade, application: { adopt: true } }],
  [
    'not-adoptable',
    "another application's key",
    {
      data: handMade,
      listed: [marked(1, 1, DAY, { ...BEARER, application: 'other' })],
      application: { adopt: true },
    },
  ],
  ['strays-full', 'four strays at a path without a record', { listed: [1, 2, 3, 4].map((n) => marked(n, 1)) }],
  ['retired', 'a retired record', { record: recordOf({ credential: null }) }],
];

test.each(cases)('%s: %s is refused, with a reason and a way out', (code, _, of) => {
  const { decision } = decide(scene(of));
  expect(decision).toMatchObject({ do: 'refuse', refusal: { code } });
  const refusal = decision.do === 'refuse' ? decision.refusal : undefined;
  expect(refusal?.reason).toMatch(/\w{3}/);
  expect(refusal?.remedy).toMatch(/\w{3}/);
});

/** Nobody knows what a record says that cannot be read: no word of a person's lifts that. */
const FOR_NOBODY = 'record-unreadable';

test.each(cases)('%s: %s goes on only when a person lifts exactly that refusal', (code, _, of) => {
  const { decision } = decide(scene({ ...of, request: despite(code) }));
  expect(decision.do).toBe(code === FOR_NOBODY ? 'refuse' : 'rotate');
  const other = decide(scene({ ...of, request: despite('something-else') }));
  expect(other.decision.do).toBe('refuse');
});

test('every refusal has a situation above', () => {
  expect(new Set(cases.map(([code]) => code))).toEqual(new Set(REFUSALS.map(({ code }) => code)));
});

test('a liftable refusal names the command that lifts it', () => {
  for (const [code, , of] of cases) {
    const { decision } = decide(scene(of));
    const remedy = decision.do === 'refuse' ? decision.refusal.remedy : '';
    expect(remedy.includes(`rekeyd rotate billing --despite ${code}`)).toBe(code !== FOR_NOBODY);
  }
});

test('where two refusals apply, the way out names both, and lifting one alone shows the other', () => {
  const copied = recordOf({ place: 'ffffffff' });
  const of: Scene = { record: copied, data: { ...dataOf(copied), secret_access_key: 'hand-edit' } };
  const { decision } = decide(scene(of));
  expect(decision.do === 'refuse' && decision.refusal.remedy).toContain('--despite edited --despite copied');
  expect(decide(scene({ ...of, request: despite('edited') })).decision).toMatchObject({ refusal: { code: 'copied' } });
  expect(decide(scene({ ...of, request: despite('edited', 'copied') })).decision.do).toBe('rotate');
});

test('the record, not the policy, says whether the fields were edited', () => {
  const application = { fields: { other_id: '{access_key_id}', other_secret: '{secret_access_key}' } };
  expect(decide(scene({ record, application })).decision.do).toBe('republish');
});

test('a field of somebody else that already has the value we would write is no obstacle', () => {
  const of: Scene = {
    ...edit({ REGION: 'dc-sto1' }),
    application: { fields: { ...record.fields, REGION: '{region}' } },
  };
  expect(decide(scene(of)).decision.do).toBe('republish');
});

test('a stray one generation on is a crash, not a restored Vault', () => {
  expect(decide(scene({ record, listed: [marked(7, 7), marked(8, 8)] })).decision.do).toBe('enter-strays');
});

test('a foreign credential in the list refuses nothing', () => {
  expect(
    decide(scene({ record, listed: [marked(7, 7), unmarked(1), unmarked(2, 'rekeyd:somebody')] })).decision.do,
  ).toBe('wait');
});

test('no refusal quotes a secret', () => {
  for (const [, , of] of cases) {
    expect(JSON.stringify(decide(scene(of)))).not.toMatch(/secret of AK|made-by-hand|hand-edit/);
  }
});

test('a rename is suggested only for a record of this very place', () => {
  const remedyOf = (of: Scene) => {
    const { decision } = decide(scene(of));
    return decision.do === 'refuse' ? decision.refusal.remedy : '';
  };
  expect(remedyOf({ record: recordOf({ application: 'other' }) })).toContain('adopt: acme/other');
  expect(remedyOf({ record: recordOf({ application: 'other', place: 'ffffffff' }) })).not.toContain('adopt:');
});

const refused = (of: Scene) => {
  const { decision } = decide(scene(of));
  return decision.do === 'refuse' ? decision.refusal : undefined;
};

test('the way out of each refusal names the means, not only the command that lifts it', () => {
  const means: Record<string, string> = {
    'record-unreadable': 'apps/billing/s3',
    edited: 'vault kv rollback',
    deleted: 'undelete',
    'not-ours': 'path',
    copied: 'alive',
    'instance-changed': 'old instance',
    behind: 'restored',
    'not-adoptable': 'adopt: false',
    'strays-full': 'rekeyd check',
    retired: 'policy',
  };
  for (const [code, , of] of cases) expect(refused(of)?.remedy, code).toContain(means[code] ?? 'other field names');
});

test('adoption is a way out only where no record stands: a single field beside ours cannot be adopted', () => {
  expect(refused({ data: handMade })?.remedy).toContain('adopt: true');
  const application = { fields: { ...record.fields, REGION: '{region}' } };
  const refusal = refused({ ...edit({ REGION: 'mine' }), application });
  expect(refusal?.code).toBe('unmanaged');
  expect(refusal?.remedy).not.toContain('adopt');
  expect(refusal?.remedy).toContain('take these fields out of the secret');
});

test('a reason names the fields that it is about, and where they stand', () => {
  expect(refused({ data: handMade })?.reason).toContain('access_key_id, secret_access_key at apps/billing/s3');
  expect(refused(edit({ access_key_id: 'AKx', endpoint: 'y' }))?.reason).toContain('access_key_id, endpoint ');
});

test('what was meant to be lifted and does not stand there is named', () => {
  const refusal = refused({ record, request: despite('edited', 'copied') });
  expect(refusal?.reason).toMatch(/billing.*edited or copied/);
  expect(refusal?.remedy).toContain('rekeyd status billing');
});
