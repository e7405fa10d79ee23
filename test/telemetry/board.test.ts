import { expect, test } from 'vitest';
import type { RotationEvent } from '../../src/rotation/events.ts';
import type { Outcome } from '../../src/rotation/outcome.ts';
import { snapshotOf } from '../../src/telemetry/snapshot.ts';
import { boardOf, entryInGrace, HOUR, NOW, outcomeOf, troubleOf, viewOf } from './views.ts';

const minute = 60_000;
const late = viewOf('a', { rotateAt: NOW - 2 * minute });

const HOLD = { until: NOW + HOUR, by: 'anna', why: 'freeze' };

const cases: [string, Partial<Outcome>, string][] = [
  ['a current credential and nothing else', {}, 'current'],
  ['a superseded credential in its grace', { view: viewOf('a', { superseded: [entryInGrace] }) }, 'in-grace'],
  [
    'one that only a person revokes',
    { view: viewOf('a', { superseded: [{ ...entryInGrace, revokeAt: null }] }) },
    'current',
  ],
  ['a credential past its time', { view: late, nextAt: NOW - 2 * minute }, 'overdue'],
  ['one that has only just become due', { view: viewOf('a', { rotateAt: NOW - 1 }), nextAt: NOW - 1 }, 'current'],
  ['one past its time that missed its window', { view: late, nextAt: NOW + HOUR }, 'overdue'],
  [
    'one past its time that a person holds',
    { view: viewOf('a', { rotateAt: NOW - 2 * minute, hold: HOLD }), nextAt: NOW + HOUR },
    'current',
  ],
  [
    'one past its time with a notice',
    { view: late, nextAt: NOW + HOUR, notices: [troubleOf('failed', 'clocks')] },
    'overdue',
  ],
  ['a failed pass', { trouble: troubleOf('failed', 'x') }, 'failing'],
  ['a blocked pass', { trouble: troubleOf('blocked', 'x') }, 'blocked'],
  ['a refusal', { trouble: troubleOf('refused', 'edited') }, 'refused'],
];

test.each(cases)('%s', (_, over, state) => {
  const board = boardOf(['a']);
  board.record(outcomeOf('a', over), NOW);
  expect(board.state('a', NOW)).toBe(state);
});

test('an application that was never looked at is unknown, and so is one that the policy does not have', () => {
  const board = boardOf(['a']);
  board.record(outcomeOf('stranger'), NOW);
  expect(board.state('a', NOW)).toBe('unknown');
  expect(board.state('stranger', NOW)).toBe('unknown');
  expect(board.entry('stranger', NOW)).toBeUndefined();
});

test('a rotation shows as under way from its start to its outcome', () => {
  const board = boardOf(['a']);
  board.record(outcomeOf('a'), NOW);
  board.follow({ event: 'rotation.started', application: 'a' });
  expect(board.state('a', NOW)).toBe('rotating');
  board.record(outcomeOf('a', { did: 'rotated' }), NOW);
  expect(board.state('a', NOW)).toBe('current');
});

test('tells since when a trouble stands, however often it is met, and how often in a row', () => {
  const board = boardOf(['a']);
  for (const at of [NOW, NOW + 1_000, NOW + 2_000])
    board.record(outcomeOf('a', { trouble: troubleOf('failed', 'x') }), at);
  expect(board.entry('a', NOW + 2_000)).toMatchObject({ troubleSince: NOW, failures: 3, seenAt: NOW + 2_000 });
  board.record(outcomeOf('a', { trouble: troubleOf('failed', 'y') }), NOW + 3_000);
  expect(board.entry('a', NOW + 3_000)).toMatchObject({ troubleSince: NOW + 3_000, failures: 4 });
});

test('a look that finds work to do does not hide that doing it failed; a success does', () => {
  const board = boardOf(['a']);
  board.record(outcomeOf('a', { trouble: troubleOf('blocked', 'quota-full') }), NOW);
  board.record(outcomeOf('a', { nextAt: NOW }), NOW);
  expect(board.entry('a', NOW)).toMatchObject({ state: 'blocked', failures: 1 });
  board.record(outcomeOf('a', { did: 'rotated' }), NOW + 5);
  const entry = board.entry('a', NOW + 5);
  expect(entry).toMatchObject({ state: 'current', failures: 0, lastSuccessAt: NOW + 5 });
  expect(entry).not.toHaveProperty('trouble');
  expect(entry).not.toHaveProperty('troubleSince');
});

test('keeps what was known of an application when it cannot even be looked at', () => {
  const board = boardOf(['a']);
  board.record(outcomeOf('a'), NOW);
  const { view, ...blind } = outcomeOf('a', { trouble: troubleOf('failed', 'vault-sealed') });
  board.record(blind, NOW + 1);
  expect(board.entry('a', NOW + 1)?.view).toEqual(view);
});

test('counts overdue seconds from the time of rotation on', () => {
  const board = boardOf(['a']);
  board.record(outcomeOf('a'), NOW);
  expect(board.entry('a', NOW)?.overdueSeconds).toBe(0);
  expect(board.entry('a', NOW + 2 * HOUR)?.overdueSeconds).toBe(3_600);
});

test('reports a refusal, a notice and a recovery once each, when they begin', () => {
  const events: RotationEvent[] = [];
  const board = boardOf(['a'], (event) => events.push(event));
  const refused = outcomeOf('a', { trouble: troubleOf('refused', 'edited'), notices: [troubleOf('failed', 'behind')] });
  for (const each of [refused, refused, outcomeOf('a'), outcomeOf('a')]) board.record(each, NOW);
  expect(events).toEqual([
    expect.objectContaining({ event: 'application.refused', application: 'a', code: 'edited', remedy: 'Mend it.' }),
    expect.objectContaining({ event: 'application.notice', code: 'behind' }),
    expect.objectContaining({ event: 'application.recovered' }),
  ]);
});

test('tells of what was taken out of service without alarm, once, and when it is back', () => {
  const events: RotationEvent[] = [];
  const board = boardOf(['a'], (event) => events.push(event));
  const retired = outcomeOf('a', { trouble: troubleOf('refused', 'retired') });
  for (const each of [retired, retired, outcomeOf('a')]) board.record(each, NOW);
  expect(events).toEqual([
    expect.objectContaining({ event: 'application.out_of_service', application: 'a', code: 'retired' }),
    expect.objectContaining({ event: 'application.recovered' }),
  ]);
});

test('a snapshot is plain JSON: snake_case, ISO times, and no time that never comes', () => {
  const board = boardOf(['a']);
  const hold = { until: NOW + HOUR, by: 'ann', why: 'release' };
  board.record(
    outcomeOf('a', { view: viewOf('a', { superseded: [entryInGrace], hold }) }),
    NOW,
    Number.POSITIVE_INFINITY,
  );
  const [entry] = board.entries(NOW);
  expect(entry && JSON.parse(JSON.stringify(snapshotOf(entry)))).toEqual({
    application: 'a',
    issuer: 'sto1',
    path: 'apps/a/s3',
    state: 'in-grace',
    generation: 7,
    current: {
      credential_id: 'c-7',
      access_key_id: 'AKIA7',
      instance: 'os-ab123',
      issued_at: '2026-03-01T11:00:00.000Z',
      published_at: '2026-03-01T11:00:00.000Z',
      adopted: false,
    },
    rotate_at: '2026-03-01T13:00:00.000Z',
    overdue_seconds: 0,
    superseded: [
      {
        credential_id: 'c-6',
        access_key_id: 'AKIA6',
        instance: 'os-ab123',
        revoke_at: '2026-03-01T13:00:00.000Z',
        why: 'rotated',
      },
    ],
    strays: 0,
    hold: { until: '2026-03-01T13:00:00.000Z', by: 'ann', why: 'release' },
    failures: 0,
    notices: [],
    next: 'rotate',
    seen_at: '2026-03-01T12:00:00.000Z',
  });
});

test('whoever listens hears of each application that may show differently, until it no longer listens', () => {
  const board = boardOf(['a']);
  const heard: (string | undefined)[] = [];
  const end = board.onChange((application) => heard.push(application));
  board.record(outcomeOf('a'), NOW);
  board.follow({ event: 'rotation.started', application: 'a' });
  board.record(outcomeOf('stranger'), NOW);
  board.follow({ event: 'rotation.started', application: 'stranger' });
  board.govern(new Map());
  end();
  board.govern(new Map());
  expect(heard).toEqual(['a', 'a', undefined]);
});

test('another policy keeps what is known of the applications that stay where they were, and only of those', () => {
  const board = boardOf(['stays', 'moves', 'goes']);
  for (const name of ['stays', 'moves', 'goes']) board.record(outcomeOf(name), NOW);
  board.govern(
    new Map([
      ['moves', { issuer: 'sto1', path: 'apps/elsewhere' }],
      ['stays', { issuer: 'sto1', path: 'apps/stays/s3', graceMs: HOUR }],
      ['comes', { issuer: 'sto1', path: 'apps/comes' }],
    ]),
  );
  expect(board.entries(NOW).map(({ application, state }) => [application, state])).toEqual([
    ['moves', 'unknown'],
    ['stays', 'current'],
    ['comes', 'unknown'],
  ]);
  expect(board.entry('stays', NOW)?.graceMs).toBe(HOUR);
});
