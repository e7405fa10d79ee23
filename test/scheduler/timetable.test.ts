import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timetable } from '../../src/scheduler/timetable.ts';

test('takes out what is due, earliest first, and nothing else', () => {
  const timetable = new Timetable();
  timetable.set('c', 30);
  timetable.set('a', 10);
  timetable.set('b', 20);
  expect(timetable.takeDue(20)).toEqual(['a', 'b']);
  expect(timetable.takeDue(20)).toEqual([]);
  expect(timetable.at('c')).toBe(30);
});

test('setting an application again replaces its time, later or earlier', () => {
  const timetable = new Timetable();
  timetable.set('a', 10);
  timetable.set('a', 50);
  timetable.set('b', 60);
  timetable.set('b', 20);
  expect(timetable.takeDue(20)).toEqual(['b']);
  expect(timetable.at('a')).toBe(50);
});

test('what was taken out has no time any more', () => {
  const timetable = new Timetable();
  timetable.set('a', 10);
  timetable.takeDue(10);
  expect(timetable.at('a')).toBeUndefined();
});

test('replaced entries do not pile up', () => {
  const timetable = new Timetable();
  for (let round = 0; round < 1_000; round += 1)
    for (const name of ['a', 'b', 'c']) timetable.set(name, 10_000 - round);
  expect(timetable.entries).toBeLessThan(100);
  expect(timetable.takeDue(10_000)).toHaveLength(3);
});

test('holds a hundred thousand applications and gives each back once', () => {
  const timetable = new Timetable();
  for (let index = 0; index < 100_000; index += 1) timetable.set(`app-${index}`, (index * 7_919) % 100_000);
  expect(timetable.takeDue(49_999)).toHaveLength(50_000);
  expect(new Set(timetable.takeDue(100_000)).size).toBe(50_000);
});

test('behaves like a plain map from application to time', () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), at: fc.nat(20), now: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const timetable = new Timetable();
      const plain = new Map<string, number>();
      for (const { name, at, now } of steps) {
        timetable.set(name, at);
        plain.set(name, at);
        const due = [...plain].filter(([, time]) => time <= now).map(([each]) => each);
        for (const each of due) plain.delete(each);
        expect(timetable.takeDue(now).sort()).toEqual(due.sort());
      }
    }),
  );
});
