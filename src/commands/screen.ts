import type { Terminal } from './terminal.ts';

const ESCAPE = '\u001b';
/** The terminal's other screen, so that what stood there before is there again afterwards; no cursor in the picture. */
const ENTER = `${ESCAPE}[?1049h${ESCAPE}[?25l`;
const LEAVE = `${ESCAPE}[?25h${ESCAPE}[?1049l`;
const HOME = `${ESCAPE}[H`;
const TO_LINE_END = `${ESCAPE}[K`;
const TO_SCREEN_END = `${ESCAPE}[J`;

/** A picture that is drawn over and over. Lines are taken to fit into the terminal's width. */
export interface Screen {
  draw(text: string): void;
  close(): void;
}

/** Nothing flickers: each line is written over the one before, and what is left of that is cleared. */
export function openScreen(terminal: Pick<Terminal, 'write' | 'rows'>): Screen {
  terminal.write(ENTER);
  return {
    draw: (text) => {
      const lines = text
        .trimEnd()
        .split('\n')
        .slice(0, terminal.rows ?? Number.POSITIVE_INFINITY);
      terminal.write(`${HOME}${lines.map((line) => line + TO_LINE_END).join('\r\n')}${TO_SCREEN_END}`);
    },
    close: () => terminal.write(LEAVE),
  };
}
