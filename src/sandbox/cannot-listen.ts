import type { ListenAddress } from '../policy/policy.ts';

/** A server that a stand-in takes the place of. */
export type StandInName = 'glesys' | 's3' | 'vault';

/** The operating system does not let a stand-in listen where it was told to; `code` is the system's. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
  readonly server: StandInName;
  readonly address: ListenAddress | undefined;
  readonly code: string;

  constructor(server: StandInName, address: ListenAddress | undefined, code: string) {
    super(`the stand-in for ${server} cannot listen (${code})`);
    this.server = server;
    this.address = address;
    this.code = code;
  }
}
