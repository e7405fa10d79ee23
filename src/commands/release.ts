import { amendCommand } from './amending.ts';
import type { Terminal } from './terminal.ts';

export interface ReleaseOptions {
  readonly config: string;
  readonly application: string;
}

/** Ends a hold: what fell due meanwhile is done at the next look of any replica. */
export function releaseCommand({ config, application }: ReleaseOptions, terminal: Terminal): Promise<number> {
  const done = ({ next }: { readonly next: string }) => `not on hold; next: ${next}`;
  return amendCommand({ config, application, amendment: { amend: 'release' }, done }, terminal);
}
