import { Writable } from 'node:stream';

/**
 * Where a command reads and writes; given in, so that a test can look. The rule for all of them: the result on `write`
 * (of a daemon that is its log), everything beside it as log lines on `complain`; text for a person stands on `complain`
 * only where one reads along, or where it says why the command ended.
 */
export interface Terminal {
  /** What was asked for. */
  readonly write: (text: string) => void;
  /** What is said beside it: log lines, and the complaint that a command ends with. */
  readonly complain: (text: string) => void;
  /** Whether a person reads along. */
  readonly isInteractive: boolean;
  /** How many characters fit into a line; Infinity where nothing wraps. */
  readonly columns: number;
  /** How many lines fit on the screen; Infinity (or missing) where nothing scrolls away. */
  readonly rows?: number;
  /** How many characters fit into a line of what is said beside the result; missing where no person reads that along. */
  readonly complaintColumns?: number;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the process's work at SIGINT or SIGTERM. */
  readonly stopped: Promise<void>;
  /**
   * Shows a question beside the result and reads one line; `''` where the input ends or the person interrupts. Missing
   * where nobody can answer.
   */
  readonly ask?: (question: string) => Promise<string>;
}

/** The exit codes that people and scripts rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Something about the call or the configuration is wrong; nothing was contacted. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something outside kept the command from beginning; `message` says all of it. Exit code 1. */
export class CannotBegin extends Error {
  override readonly name = 'CannotBegin';
}

/** One side of a terminal as a stream, for a log. */
export function streamOf(write: (text: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      write(String(chunk));
      done();
    },
  });
}
