import type { Problem } from '../rotation/errors.ts';

/** What telemetry sees of a server that may fail for everybody: the scheduler's circuit is one. */
export interface ServerHealth {
  /** As people know it: `issuer sto1`, `Vault`. */
  readonly server: string;
  readonly code: string;
  /** Whether it is only probed for now. */
  readonly isOpen: boolean;
  /** Since when (Unix ms); undefined while it is not. */
  readonly openSince: number | undefined;
  readonly lastFailure: Problem | undefined;
  onOpen(listener: () => void): void;
  onClose(listener: () => void): void;
}
