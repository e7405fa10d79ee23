import { styleText } from 'node:util';
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

/** Columns for a person to read; plain text where nobody sees colours. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], terminal: Terminal): string {
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
