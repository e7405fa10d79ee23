import type { Terminal } from '../../src/commands/terminal.ts';

/** A terminal that keeps what is written on it. */
export interface PretendTerminal extends Terminal {
  readonly written: () => string;
  readonly complained: () => string;
  readonly stop: () => void;
}

export function pretendTerminal(env: NodeJS.ProcessEnv = {}): PretendTerminal {
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
    env,
    stopped: promise,
    written: () => written,
    complained: () => complained,
    stop: resolve,
  };
}
