import { PolicyError } from '../policy/load.ts';
import { problemOf } from '../rotation/errors.ts';
import { EXIT, type Terminal, UsageError } from './terminal.ts';

/** Says what kept a command from doing its work, and what to do. Returns the exit code. */
export function complain(error: unknown, terminal: Terminal): number {
  if (error instanceof UsageError || error instanceof PolicyError) {
    terminal.complain(`${error.message}\n`);
    return EXIT.usage;
  }
  const address = takenAddress(error);
  if (address) {
    terminal.complain(
      `${address} is already in use: is another rekeyd running there? Change the address in the policy.\n`,
    );
    return EXIT.failed;
  }
  const { reason, remedy } = problemOf(error);
  terminal.complain(`${reason}\n${remedy}\n`);
  return EXIT.failed;
}

function takenAddress(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return undefined;
  const { address, port } = error as { address?: string; port?: number };
  return `${address}:${port}`;
}
