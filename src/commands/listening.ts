import type { ListenAddress } from '../policy/policy.ts';
import { CannotListen, type StandInName } from '../sandbox/cannot-listen.ts';
import { CannotBegin } from './terminal.ts';

/** What the operating system's codes mean for an address. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use: is another rekeyd running there?',
  EACCES: 'may not be listened on by this user.',
  EADDRNOTAVAIL: 'is no address of this machine.',
  ENOTFOUND: 'is no address of this machine.',
};

/** Starts stand-ins; where one cannot have its address, says what to change, which `setting` names. */
export async function startingStandIns<T>(
  setting: (server: StandInName) => string,
  start: () => Promise<T>,
): Promise<T> {
  return start().catch((error: unknown) => {
    if (!(error instanceof CannotListen)) throw error;
    throw refused(error.address, error.code, setting(error.server)) ?? error;
  });
}

/** Starts what listens at an address, and says what to change where it cannot have it. */
export async function listeningAt<T>(address: ListenAddress, setting: string, start: () => Promise<T>): Promise<T> {
  return start().catch((error: NodeJS.ErrnoException) => {
    if (error.syscall !== 'listen' && error.syscall !== 'getaddrinfo') throw error;
    throw refused(address, error.code ?? '', setting) ?? error;
  });
}

function refused(address: ListenAddress | undefined, code: string, setting: string): CannotBegin | undefined {
  const reason = REASONS[code];
  if (reason === undefined) return undefined;
  const { host, port } = address ?? { host: '127.0.0.1', port: 0 };
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new CannotBegin(`${where} ${reason} Give another address with ${setting}.`);
}
