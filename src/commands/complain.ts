import { PolicyError } from '../policy/load.ts';
import { visibleLines } from '../policy/visible.ts';
import { problemOf } from '../rotation/errors.ts';
import { CannotBegin, EXIT, type Terminal, UsageError } from './terminal.ts';

/** Says what kept a command from doing its work, and what to do. Returns the exit code. */
export function complain(error: unknown, terminal: Pick<Terminal, 'complain'>): number {
  terminal.complain(`${complaintOf(error)}\n`);
  return error instanceof UsageError || error instanceof PolicyError ? EXIT.usage : EXIT.failed;
}

/** What went wrong, and what to do, for people. */
export function complaintOf(error: unknown): string {
  const isForPeople = [UsageError, PolicyError, CannotBegin].some((kind) => error instanceof kind);
  if (isForPeople) return visibleLines((error as Error).message);
  const { reason, remedy } = problemOf(error);
  return `${reason}\n${remedy}`;
}
