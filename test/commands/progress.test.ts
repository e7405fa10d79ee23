import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { progressOn } from '../../src/commands/progress.ts';
import { wrapped } from '../../src/commands/wrap.ts';
import { pretendTerminal } from '../support/terminal.ts';

/** What stands on the line at last. */
function lineOf(complained: string): string {
  return stripVTControlCharacters(complained).split('\r').at(-1) ?? '';
}

test('the bar says how far it is, how long it will take, and what is being done', () => {
  let now = 0;
  const terminal = pretendTerminal({}, { complaintColumns: 90 });
  const progress = progressOn(terminal, 40, () => now);
  expect(lineOf(terminal.complained())).toBe('[--------------------] 0 of 40');
  for (let step = 0; step < 10; step += 1) progress.step();
  now = 10_000;
  progress.say('billing: issued');
  expect(lineOf(terminal.complained())).toBe('[#####---------------] 10 of 40, about 30s left  billing: issued');
  expect(terminal.written()).toBe('');
});

test('the bar never wraps, and does nothing that a name asks for', () => {
  const terminal = pretendTerminal({}, { complaintColumns: 40 });
  const progress = progressOn(terminal, 40);
  progress.say(`${'long-name-'.repeat(9)}\u001b[2J`);
  expect(lineOf(terminal.complained()).length).toBeLessThan(40);
  progress.say('\u001b[2J');
  expect(terminal.complained()).not.toContain('\u001b[2J');
});

test('what is said beside the bar stands on a line of its own, and the bar goes away at the end', () => {
  const terminal = pretendTerminal({}, { complaintColumns: 100 });
  const progress = progressOn(terminal, 2);
  progress.beside('a warning\n');
  expect(terminal.complained()).toContain('\r\u001b[Ka warning\n\r[');
  progress.end();
  expect(terminal.complained().endsWith('\r\u001b[K')).toBe(true);
});

test('where nobody reads along there is no bar, and neither for one thing alone', () => {
  const piped = pretendTerminal();
  const progress = progressOn(piped, 40);
  progress.step();
  progress.say('x');
  progress.beside('a line\n');
  progress.end();
  expect(piped.complained()).toBe('a line\n');
  const alone = pretendTerminal({}, { complaintColumns: 100 });
  progressOn(alone, 1).step();
  expect(alone.complained()).toBe('');
});

test('a long line is cut at its spaces, and a word that is too long where the line ends', () => {
  expect(wrapped('short', 10)).toBe('short');
  expect(wrapped('one two three four', 9, '  ')).toBe('one two\n  three\n  four');
  expect(wrapped('abcdefghijklmnop', 6, ' ')).toBe('abcdef\n ghijk\n lmnop');
  expect(wrapped('x'.repeat(500), Number.POSITIVE_INFINITY)).toHaveLength(500);
  expect(wrapped('  a bb', 4, '  ')).toBe('  a\n  bb');
});
