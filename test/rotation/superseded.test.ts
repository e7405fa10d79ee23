import { expect, test } from 'vitest';
import { renameHint } from '../../src/rotation/adoption.ts';
import { observationAfter } from '../../src/rotation/aftermath.ts';
import { decide } from '../../src/rotation/decide.ts';
import { iso, type Superseded } from '../../src/rotation/record.ts';
import {
  highestGeneration,
  isHeld,
  isOldStray,
  isSettled,
  later,
  scheduleTime,
  situate,
} from '../../src/rotation/situation.ts';
import { carriedEntries, supersededByPublish } from '../../src/rotation/superseded.ts';
import { Memory } from './memory.ts';
import { BEARER, DAY, dataOf, HOUR, INSTANCE, marked, NOW, recordOf, type Scene, scene, unmarked } from './scene.ts';

const entry: Superseded = {
  id: 'id-6',
  access_key_id: 'AK6',
  instance: INSTANCE,
  revoke_at: iso(NOW + HOUR),
  why: 'rotated',
};
const graceEnd = iso(NOW + DAY);
const nothing = { strays: [], why: 'stray' } as const;
const byPublish = (of: Scene, entering: Parameters<typeof supersededByPublish>[1] = nothing) =>
  supersededByPublish(scene(of), entering);
const carried = (of: Scene) => {
  const s = scene(of);
  return s.record ? carriedEntries(s, s.record) : undefined;
};

test('a publish supersedes the current credential for a grace, and keeps what was superseded before', () => {
  const record = recordOf({ superseded: [entry] });
  expect(byPublish({ record, listed: [marked(7, 7), marked(6, 6)] })).toEqual([
    entry,
    { id: 'id-7', access_key_id: 'AK7', instance: INSTANCE, revoke_at: graceEnd, why: 'rotated' },
  ]);
});

test('nothing is superseded where there was nothing, and what a list settled is dropped', () => {
  expect(byPublish({})).toEqual([]);
  expect(byPublish({ record: recordOf({ superseded: [entry] }), listed: [] })).toEqual([]);
  const retired = recordOf({ credential: null, superseded: [entry] });
  expect(byPublish({ record: retired, listed: [marked(6, 6)] })).toEqual([entry]);
});

test('a list that is not to be trusted settles nothing', () => {
  const record = recordOf({ superseded: [entry] });
  for (const current of [{ is: 'unlisted' }, { is: 'uncertain', detail: 'no answer' }] as const) {
    expect(byPublish({ record, listed: [], current }).map(({ id }) => id)).toEqual(['id-6', 'id-7']);
  }
  expect(isSettled(scene({ record, listed: [] }), { ...entry, instance: 'os-old' })).toBe(false);
});

test('strays enter once, with a grace of their own, or for a person to decide where they come from beyond a backup', () => {
  const record = recordOf({ superseded: [entry] });
  const listed = [marked(7, 7), marked(6, 6), marked(8, 8)];
  const { own } = scene({ record, listed });
  const strays = own.filter(({ id }) => id !== 'id-7');
  const dates = (why: 'stray' | 'behind') =>
    byPublish({ record, listed }, { strays, why }).map(({ id, revoke_at, why: reason }) => [id, revoke_at, reason]);
  const before = [
    ['id-6', entry.revoke_at, 'rotated'],
    ['id-7', graceEnd, 'rotated'],
  ];
  expect(dates('stray')).toEqual([...before, ['id-8', graceEnd, 'stray']]);
  expect(dates('behind')).toEqual([...before, ['id-8', null, 'behind']]);
});

test.each([
  ['it was adopted', { credential: { ...recordOf().credential, adopted: true } }, [marked(7, 7)]],
  ['the list shows it without our marker', {}, [unmarked(7)]],
  ['the list shows it with the marker of another place', {}, [marked(7, 7, DAY, { ...BEARER, place: 'ffffffff' })]],
  ['nobody lists it and its record is of another place', { place: 'ffffffff' }, []],
  ['nobody lists it and its record is of another owner', { owner: 'other' }, []],
  ['nobody lists it and its record is of another application', { application: 'other' }, []],
])('the current credential is superseded for a person to decide where %s', (_, change, listed) => {
  const record = recordOf(change as never);
  const current = { is: 'uncertain', detail: 'no answer' } as const;
  expect(byPublish({ record, listed, current })).toEqual([
    { id: 'id-7', access_key_id: 'AK7', instance: INSTANCE, revoke_at: null, why: 'adopted' },
  ]);
});

test('a current credential that nobody lists is ours where its record is', () => {
  const current = { is: 'uncertain', detail: 'no answer' } as const;
  expect(byPublish({ record: recordOf(), listed: [], current })).toMatchObject([{ revoke_at: graceEnd }]);
});

test("what another's record superseded gets no date of ours, unless it carries our marker", () => {
  const theirs = { ...entry, id: 'id-5', access_key_id: 'AK5' };
  const record = recordOf({ application: 'other', superseded: [entry, theirs] });
  expect(carried({ record, listed: [marked(7, 7), marked(6, 6), unmarked(5)] })).toEqual([
    entry,
    { ...theirs, revoke_at: null, why: 'adopted' },
  ]);
  const ours = recordOf({ superseded: [entry, theirs] });
  expect(carried({ record: ours, listed: [marked(7, 7), marked(6, 6), unmarked(5)] })).toEqual([entry, theirs]);
});

test('an entry of the credential that is current, by its id or its key, gives way to the newer one', () => {
  const twice = [
    { ...entry, id: 'id-7' },
    { ...entry, access_key_id: 'AK7' },
  ];
  const listed = [marked(7, 7), marked(6, 6)];
  expect(byPublish({ record: recordOf({ superseded: twice }), listed })).toEqual([
    { id: 'id-7', access_key_id: 'AK7', instance: INSTANCE, revoke_at: graceEnd, why: 'rotated' },
  ]);
});

test('an old key that stands in the secret until this publish gets a whole grace, and never less than it had', () => {
  const record = recordOf({ superseded: [entry] });
  const listed = [marked(7, 7), marked(6, 6)];
  const used = (of: Superseded) => {
    const data = dataOf({ ...record, superseded: [of] }, { NOTE: 'AK6' });
    return byPublish({ record: { ...record, superseded: [of] }, data, listed })[0];
  };
  expect(used(entry)).toEqual({ ...entry, revoke_at: graceEnd });
  const longer = { ...entry, revoke_at: iso(NOW + 2 * DAY) };
  expect(used(longer)).toEqual(longer);
  const forGood = { ...entry, revoke_at: null, why: 'adopted' };
  expect(used(forGood)).toEqual(forGood);
  expect(byPublish({ record, listed })[0]).toEqual(entry);
});

test('a stray dated a little ahead is young, and one dated far ahead is old', () => {
  const s = scene({ record: recordOf(), listed: [marked(8, 8, -60_000), marked(9, 8, -61_000)] });
  expect(s.strays.map((stray) => isOldStray(s, stray))).toEqual([false, true]);
});

test('what may still be under way does not count for the next generation without a record, and does with one', () => {
  const listed = [marked(1, 3), marked(2, 9, 1000)];
  expect(highestGeneration(scene({ listed }))).toBe(3);
  expect(highestGeneration(scene({}))).toBe(0);
  const record = recordOf();
  expect(highestGeneration(scene({ record, listed: [marked(7, 7), ...listed] }))).toBe(9);
  expect(highestGeneration(scene({ record }))).toBe(7);
});

test('what is done later counts for the schedule from then, and from the earlier clock where they disagree', () => {
  const agreed = scene({ record: recordOf(), stored: { serverTime: NOW - 60_000 } });
  expect(scheduleTime(agreed)).toBe(NOW);
  expect(scheduleTime(agreed, NOW + 5)).toBe(NOW + 5);
  const behind = scene({ record: recordOf(), stored: { serverTime: NOW - HOUR } });
  expect(scheduleTime(behind)).toBe(NOW - HOUR);
  expect(scheduleTime(behind, NOW + 5)).toBe(NOW - HOUR + 5);
  const ahead = scene({ record: recordOf(), stored: { serverTime: NOW + HOUR } });
  expect(scheduleTime(ahead, NOW + 5)).toBe(NOW + 5);
  expect(later(ahead, NOW + 5).latest).toBe(NOW + HOUR + 5);
});

test('what has gone by since the record was read counts for what starts now, and for nothing that must be past', () => {
  const s = scene({ record: recordOf(), stored: { serverTime: NOW + HOUR } });
  expect([s.earliest, s.latest, s.clocksApartMs]).toEqual([NOW, NOW + HOUR, HOUR]);
  const after = situate({ ...s.observation, readAt: NOW - 5000 }, s);
  expect([after.earliest, after.latest, after.clocksApartMs]).toEqual([NOW, NOW + HOUR + 5000, HOUR + 5000]);
  const putBack = situate({ ...s.observation, readAt: NOW + 5000 }, s);
  expect([putBack.earliest, putBack.latest]).toEqual([NOW, NOW + HOUR]);
});

test('a hold ends at its time', () => {
  const held = (until: number) =>
    isHeld(scene({ record: recordOf({ hold: { until: iso(until), by: 'anna', why: 'x' } }) }));
  expect([held(NOW + 1), held(NOW)]).toEqual([true, false]);
});

test('a rename is hinted at for a record of this place only', () => {
  expect(renameHint(scene({ record: recordOf({ place: 'ffffffff', application: 'other' }) }))).toBe('');
  expect(renameHint(scene({}))).toBe('');
  expect(renameHint(scene({ record: recordOf({ application: 'other' }) }))).toContain('adopt: acme/other.');
});

test('after a write the next step is decided on what certainly stands there now', () => {
  const { world } = new Memory().replica();
  const before = scene({ record: recordOf(), stored: { serverTime: NOW - 5000 } }).observation;
  expect(observationAfter(before, undefined, world)).toBe(before);
  const record = recordOf({ generation: 8, credential: { ...recordOf().credential, id: 'id-8' } as never });
  const written = { record, version: 4, data: before.stored.state === 'present' ? before.stored.data : undefined };
  const after = observationAfter(
    { ...before, readAt: NOW - 1000 },
    { ...written, expiresAt: NOW + DAY } as never,
    world,
  );
  expect(after).toMatchObject({
    stored: { state: 'present', version: 4, serverTime: NOW - 4000, createdAt: NOW - 4000, expiresAt: NOW + DAY },
    record: { state: 'record', record: { generation: 8 } },
    readAt: NOW,
    current: { is: 'listed' },
  });
  const lasting = observationAfter(before, { ...written, expiresAt: undefined } as never, world);
  expect(lasting.stored).not.toHaveProperty('expiresAt');
});

test('a write of the same credential says nothing new of it, and one without any leaves none', () => {
  const { world } = new Memory().replica();
  const gone = scene({ record: recordOf(), current: { is: 'gone' }, listed: [] }).observation;
  const written = (change: object) => {
    return { record: { ...recordOf(), ...change }, version: 4, data: {}, expiresAt: undefined } as never;
  };
  expect(observationAfter(gone, written({}), world).current).toEqual({ is: 'gone' });
  expect(observationAfter(gone, written({ credential: null }), world).current).toEqual({ is: 'none' });
  const fresh = scene({}).observation;
  expect(observationAfter(fresh, written({}), world).current).toEqual({ is: 'listed' });
});

test('where nothing can be read no notice and no rewriting is thought of', () => {
  const { decision, notices } = decide(scene({ stored: { state: 'deleted', version: 3 } }));
  expect(decision).toMatchObject({ do: 'refuse', refusal: { code: 'deleted' } });
  expect(notices).toEqual([]);
});
