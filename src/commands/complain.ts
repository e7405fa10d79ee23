import { PolicyError } from '../policy/load.ts';
import { problemOf } from '../rotation/errors.ts';
import { CannotBegin, EXIT, type Terminal, UsageError } from './terminal.ts';
import { complainOf } from './visibly.ts';

/** Says what kept a command from doing its work, and what to do. Returns the exit code. */
export function complain(error: unknown, terminal: Pick<Terminal, 'complain'>): number {
  if (error instanceof UsageError || error instanceof PolicyError) {
    complainOf(`${error.message}\n`, terminal);
    return EXIT.usage;
  }
  if (error instanceof CannotBegin) {
    complainOf(`${error.message}\n`, terminal);
    return EXIT.failed;
  }
  const { reason, remedy } = problemOf(error);
  terminal.complain(`${reason}\n${remedy}\n`);
  return EXIT.failed;
}
