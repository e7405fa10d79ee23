import { expect, test } from 'vitest';
import type { RotationEvent } from '../../src/rotation/events.ts';
import { chronicleOf } from '../../src/telemetry/chronicle.ts';
import { History } from '../../src/telemetry/history.ts';
import { boardOf, entryInGrace, HOUR, NOW, outcomeOf, viewOf } from './views.ts';

type Told = Partial<RotationEvent> & Pick<RotationEvent, 'event'>;

/** A history that was told these, a second apart. */
function historyOf(...events: Told[]): History {
  const history = new History(NOW);
  events.forEach((event, index) => {
    history.follow({ application: 'a', ...event }, NOW + index * 1_000);
  });
  return history;
}

const born = (generation: number): Told[] =>
  (['credential.issued', 'credential.verified', 'credential.published'] as const).map((event) => ({
    event,
    generation,
    accessKeyId: `AKIA${generation}`,
  }));

test('the steps of a credential become one generation with its times', () => {
  const superseded: Told = {
    event: 'credential.superseded',
    generation: 1,
    accessKeyId: 'AKIA1',
    revokeAt: NOW + HOUR,
  };
  const revoked: Told = { event: 'credential.revoked', accessKeyId: 'AKIA1' };
  expect(historyOf(...born(1), ...born(2), superseded, revoked).generations('a')).toEqual([
    { generation: 2, accessKeyId: 'AKIA2', issuedAt: NOW + 3_000, verifiedAt: NOW + 4_000, publishedAt: NOW + 5_000 },
    {
      generation: 1,
      accessKeyId: 'AKIA1',
      issuedAt: NOW,
      verifiedAt: NOW + 1_000,
      publishedAt: NOW + 2_000,
      supersededAt: NOW + 6_000,
      revokeAt: NOW + HOUR,
      revokedAt: NOW + 7_000,
    },
  ]);
});

test('one that is first heard of when it is superseded comes before its successor', () => {
  const superseded: Told = { event: 'credential.superseded', generation: 6, accessKeyId: 'AKIA6', revokeAt: null };
  const generations = historyOf(...born(7), superseded).generations('a');
  expect(generations.map(({ generation }) => generation)).toEqual([7, 6]);
});

test('only the newest few are kept, of each application and of all', () => {
  const history = new History(NOW, { generations: 2, incidents: 2, applications: 3 });
  for (const application of ['a', 'b', 'c', 'd']) {
    for (const generation of [1, 2, 3]) {
      for (const event of born(generation)) history.follow({ application, ...event }, NOW);
    }
    for (const code of ['x', 'y', 'z']) history.follow({ application, event: 'rotation.failed', code }, NOW);
  }
  expect(history.generations('a')).toEqual([]);
  expect(history.generations('d').map(({ generation }) => generation)).toEqual([3, 2]);
  expect(history.incidents('d').map(({ code }) => code)).toEqual(['z', 'y']);
  history.follow({ application: 'b', event: 'rotation.failed' }, NOW);
  history.follow({ application: 'e', event: 'rotation.failed' }, NOW);
  expect([history.generations('b').length, history.generations('c').length]).toEqual([2, 0]);
});

test('what fails the same way again and again is told once, with when it was last', () => {
  const failed: Told = { event: 'rotation.failed', code: 'x', reason: 'because' };
  expect(historyOf(failed, failed, failed).incidents('a')).toEqual([
    { at: NOW + 2_000, event: 'rotation.failed', code: 'x', reason: 'because' },
  ]);
});

function chronicle(history: History, over: Parameters<typeof viewOf>[1] = {}) {
  const board = boardOf(['a']);
  board.record(outcomeOf('a', { view: viewOf('a', over) }), NOW);
  const entry = board.entry('a', NOW);
  if (!entry) throw new Error('the board has no a');
  return chronicleOf(entry, history);
}

test('without anything seen the record alone tells: the current one, and those that still live', () => {
  const { chapters, coming } = chronicle(new History(NOW), { superseded: [entryInGrace] });
  expect(chapters).toEqual([
    { generation: 7, accessKeyId: 'AKIA7', fate: 'current', issuedAt: NOW - HOUR, publishedAt: NOW - HOUR },
    { accessKeyId: 'AKIA6', fate: 'superseded', supersededAt: NOW - HOUR, revokeAt: NOW + HOUR },
  ]);
  expect(coming).toEqual([
    { at: NOW + HOUR, what: 'revocation', accessKeyId: 'AKIA6' },
    { at: NOW + HOUR, what: 'rotation' },
  ]);
});

test('what was seen and what the record tells become one, and a grace that a person shortened counts', () => {
  const seen = historyOf(...born(6), ...born(7), {
    event: 'credential.superseded',
    generation: 6,
    accessKeyId: 'AKIA6',
    revokeAt: NOW + 9 * HOUR,
  });
  const { chapters } = chronicle(seen, { superseded: [entryInGrace] });
  expect(chapters.map(({ generation, fate }) => [generation, fate])).toEqual([
    [7, 'current'],
    [6, 'superseded'],
  ]);
  expect(chapters[1]).toMatchObject({ verifiedAt: NOW + 1_000, supersededAt: NOW + 6_000, revokeAt: NOW + HOUR });
});

test('what was issued and not published is a candidate, and revoked when it was taken back', () => {
  const candidate: Told = { event: 'credential.issued', generation: 8, accessKeyId: 'AKIA8' };
  expect(chronicle(historyOf(candidate)).chapters[0]).toMatchObject({ generation: 8, fate: 'candidate' });
  const back: Told = { event: 'candidate.revoked', accessKeyId: 'AKIA8' };
  expect(chronicle(historyOf(candidate, back)).chapters[0]).toMatchObject({ fate: 'revoked' });
});

test('what another replica revoked is gone from the record, and shown as revoked', () => {
  const superseded: Told = { event: 'credential.superseded', generation: 6, accessKeyId: 'AKIA6', revokeAt: NOW };
  const { chapters } = chronicle(historyOf(...born(6), superseded));
  expect(chapters.find(({ accessKeyId }) => accessKeyId === 'AKIA6')).toMatchObject({ fate: 'revoked' });
});

test('a hundred thousand applications that all rotate stay within the bound', () => {
  const history = new History(NOW, { applications: 1_000 });
  for (let index = 0; index < 100_000; index += 1) {
    history.follow({ application: `app-${index}`, event: 'credential.issued', accessKeyId: 'AKIA' }, NOW);
  }
  const kept = Array.from({ length: 100_000 }, (_, index) => history.generations(`app-${index}`).length);
  expect(kept.filter((count) => count > 0)).toHaveLength(1_000);
});

test('nothing comes before a hold ends that comes by itself', () => {
  const until = NOW + 5 * HOUR;
  const forever = { ...entryInGrace, accessKeyId: 'AKIA5', revokeAt: null };
  const { chapters, coming } = chronicle(new History(NOW), {
    superseded: [forever, entryInGrace],
    hold: { until, by: 'ann', why: '' },
  });
  expect(chapters.map(({ accessKeyId, revokeAt }) => [accessKeyId, revokeAt])).toEqual([
    ['AKIA7', undefined],
    ['AKIA6', until],
    ['AKIA5', null],
  ]);
  expect(coming.map(({ at, what }) => [at, what]).toSorted()).toEqual([
    [until, 'end of the hold'],
    [until, 'revocation'],
    [until, 'rotation'],
  ]);
});
