import { expect, test } from 'vitest';
import type { RotationEvent } from '../../src/rotation/events.ts';
import { OverdueWatch } from '../../src/telemetry/overdue.ts';
import { boardOf, HOUR, NOW, outcomeOf, troubleOf, viewOf } from './views.ts';

function watched() {
  const board = boardOf(['a']);
  const events: RotationEvent[] = [];
  return { board, events, watch: new OverdueWatch(board, (event) => events.push(event)) };
}

const lateBy = (ms: number) => viewOf('a', { rotateAt: NOW - ms });

test('what is late by an hour is told once, and again only after it was over', () => {
  const { board, events, watch } = watched();
  board.record(outcomeOf('a', { view: lateBy(HOUR), nextAt: NOW - HOUR }), NOW);
  watch.look(NOW);
  watch.look(NOW + 60_000);
  expect(events).toMatchObject([{ event: 'application.overdue', application: 'a', issuer: 'sto1' }]);
  board.record(outcomeOf('a'), NOW);
  watch.look(NOW);
  board.record(outcomeOf('a', { view: lateBy(HOUR), nextAt: NOW - HOUR }), NOW);
  watch.look(NOW);
  expect(events).toHaveLength(2);
});

test('what is late because it fails says why', () => {
  const { board, events, watch } = watched();
  board.record(outcomeOf('a', { view: lateBy(2 * HOUR), trouble: troubleOf('failed', 'issuer-unreachable') }), NOW);
  watch.look(NOW);
  expect(events).toMatchObject([{ code: 'issuer-unreachable' }]);
});

test('what is late by less, or is held by a person, is not', () => {
  const { board, events, watch } = watched();
  board.record(outcomeOf('a', { view: lateBy(HOUR - 1_000), nextAt: NOW - HOUR }), NOW);
  watch.look(NOW);
  const hold = { until: NOW + HOUR, by: 'anna', why: 'freeze' };
  board.record(outcomeOf('a', { view: { ...lateBy(2 * HOUR), hold }, nextAt: NOW + HOUR }), NOW);
  watch.look(NOW);
  expect(events).toEqual([]);
});
