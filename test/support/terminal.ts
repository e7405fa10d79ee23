import type { Terminal } from '../../src/commands/terminal.ts';

/** A terminal that keeps what is written on it. */
export interface PretendTerminal extends Terminal {
  readonly written: () => string;
  readonly complained: () => string;
  readonly stop: () => void;
}

/** `more`: what is different from a pipe without a person at its end. */
export function pretendTerminal(
  env: NodeJS.ProcessEnv = {},
  more: Partial<Pick<Terminal, 'isInteractive' | 'complaintColumns' | 'columns' | 'rows' | 'ask'>> = {},
): PretendTerminal {
  const { promise, resolve } = Promise.withResolvers<void>();
  let written = '';
  let complained = '';
  return {
    write: (text) => {
      written += text;
    },
    complain: (text) => {
      complained += text;
    },
    isInteractive: false,
    columns: Number.POSITIVE_INFINITY,
    env,
    stopped: promise,
    written: () => written,
    complained: () => complained,
    stop: resolve,
    ...more,
  };
}
