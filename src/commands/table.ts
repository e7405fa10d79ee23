import { stripVTControlCharacters, styleText } from 'node:util';
import Table from 'cli-table3';
import type { Terminal } from './terminal.ts';

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** What may become of a table that is wider than the terminal, by the columns' heads. */
export interface Yielding {
  /** Left out one after another, what matters least first. */
  readonly leaveOut?: readonly string[];
  /** Cut short where leaving out is not enough; of several one after another. */
  readonly cut: string | readonly string[];
  /** Left out where cutting is not enough either. */
  readonly last?: string;
}

/** No column is cut shorter than this. */
const SHORTEST = 8;

/** Columns for a person to read, none of its lines wider than the terminal; plain text where nobody sees colours. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Terminal,
  { leaveOut = [], cut, last }: Yielding,
): string {
  const whole = columns(head, rows, terminal);
  if (widthOf(whole) <= terminal.columns) return whole;
  const [least, ...others] = leaveOut;
  const at = least === undefined ? -1 : head.indexOf(least);
  if (at >= 0) {
    const rest = rows.map((row) => row.toSpliced(at, 1));
    return table(head.toSpliced(at, 1), rest, terminal, { leaveOut: others, cut, ...(last !== undefined && { last }) });
  }
  const fitting = [cut].flat().reduce((rows, name) => cutIn(head, rows, name, terminal), rows);
  if (last === undefined || excessOf(head, fitting, terminal) <= 0) return columns(head, fitting, terminal);
  return table(head, rows, terminal, { leaveOut: [last], cut });
}

/** How much wider than the terminal it is. */
function excessOf(head: readonly string[], rows: readonly (readonly string[])[], terminal: Terminal): number {
  return widthOf(columns(head, rows, terminal)) - terminal.columns;
}

function cutIn(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  name: string,
  terminal: Terminal,
): readonly (readonly string[])[] {
  const excess = excessOf(head, rows, terminal);
  return excess > 0 ? shortened(rows, head.indexOf(name), excess) : rows;
}

/** The rows with one column so much narrower. */
function shortened(rows: readonly (readonly string[])[], at: number, excess: number): readonly (readonly string[])[] {
  const widest = Math.max(...rows.map((row) => row[at]?.length ?? 0));
  const width = Math.max(SHORTEST, widest - excess);
  return rows.map((row) => row.map((cell, index) => (index === at ? ellipsis(cell, width) : cell)));
}

function ellipsis(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

function widthOf(text: string): number {
  return Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length));
}

function columns(head: readonly string[], rows: readonly (readonly string[])[], terminal: Terminal): string {
  const dim = (text: string) => paint('dim', text, terminal);
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const made = new Table({ head: head.map(dim), chars: NO_BORDERS, style });
  for (const row of rows) made.push([...row]);
  const lines = made.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

export type Paint = 'red' | 'green' | 'yellow' | 'dim';

export function paint(format: Paint, text: string, terminal: Terminal): string {
  return terminal.isInteractive && !terminal.env['NO_COLOR'] ? styleText(format, text) : text;
}
