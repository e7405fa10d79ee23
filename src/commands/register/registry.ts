import type { Command } from 'commander';
import type { Terminal } from '../terminal.ts';

/** What the rooms register their commands with. Each command's own file is loaded only when it is called. */
export interface Registry {
  readonly terminal: Terminal;
  command(name: string, description: string): Command;
  /** A command that reads a policy: it has `--config`. */
  onPolicy(name: string, description: string): Command;
  /** Runs what a command changes or watches and keeps its exit code; it ends by itself when `terminal.stopped` says so. */
  ends(run: () => Promise<number>): Promise<void>;
  /** The same for a command that only looks: a signal ends it at once, with 1. */
  leaves(run: () => Promise<number>): Promise<void>;
  /** Whether standard output was closed at its other end. */
  readonly isUnread: boolean;
}

/** For an option that may be given more than once. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** Examples below a command's options. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}
