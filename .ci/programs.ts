import { spawnSync } from 'node:child_process';
import { fileOf } from './repository.ts';

/** Less than any part of `.ci/run` is given: what hangs is named, not only ended. */
const TIMEOUT_MS = 240_000;
const MOST_BYTES = 64 * 2 ** 20;
/** How much of what a program said an error repeats. */
const LAST_LINES = 20;

export interface Options {
  /** The root of this repository unless it is told. */
  readonly cwd?: string;
  /** Besides the variables of this process, or in their stead. */
  readonly env?: NodeJS.ProcessEnv;
  /** What it reads from standard input; nothing unless it is told. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** What a program said that may fail. */
export interface Said {
  /** `null`: a signal ended it. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program that may fail. Throws where it cannot be started or takes too long. */
export function said(command: string, args: readonly string[], options: Options = {}): Said {
  const { cwd = fileOf(), env, input, timeoutMs: timeout = TIMEOUT_MS } = options;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    input,
    timeout,
    maxBuffer: MOST_BYTES,
    encoding: 'utf8',
  });
  // one that could not be started has said nothing, which is `null` here
  if (error) throw failure(command, args, error.message, [stdout, stderr].join(''));
  return { code: status, out: stdout, err: stderr };
}

/** What a program that must succeed wrote to standard output; throws with the end of all that it said otherwise. */
export function outputOf(command: string, args: readonly string[], options: Options = {}): string {
  const { code, out, err } = said(command, args, options);
  if (code !== 0) throw failure(command, args, endOf(code), out + err);
  return out;
}

/** Throws with the end of what it said unless a program ends well and says nothing. */
export function mustBeSilent(command: string, args: readonly string[]): void {
  const { code, out, err } = said(command, args);
  if (code !== 0 || out + err !== '') throw failure(command, args, endOf(code), out + err);
}

function endOf(code: number | null): string {
  return code === null ? 'a signal ended it' : `exit code ${code}`;
}

/** Named by its first arguments, which tell it from others; what follows may be long. */
function failure(command: string, args: readonly string[], why: string, text: string): Error {
  const name = [command, ...args.slice(0, 3)].join(' ');
  const last = text.trim().split('\n').slice(-LAST_LINES).join('\n');
  return new Error(`${name}: ${why}\n${last}`);
}
