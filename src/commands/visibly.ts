import { visibleLines } from '../policy/visible.ts';
import type { Terminal } from './terminal.ts';

/** Says something that may quote what was typed or read. */
export function complainOf(text: string, terminal: Pick<Terminal, 'complain'>): void {
  terminal.complain(visibleLines(text));
}
