import type { Parts } from '../parts.ts';
import type { Outcome } from '../rotation/outcome.ts';
import { iso } from '../rotation/record.ts';
import type { HeldKey } from './holdings.ts';
import { type Ending, untilRevoked } from './revocation.ts';
import type { Terminal } from './terminal.ts';

/** A credential that an application's record names or may enter, and the grace that a person leaves it. */
interface Shortened {
  readonly key: Pick<HeldKey, 'credentialId' | 'accessKeyId'>;
  readonly instance: string;
  readonly application: string;
  /** In ms; 0: none. */
  readonly graceMs: number;
}

/** Shortens the grace in the record, so that every replica revokes it even if this process ends, and waits for that. */
export async function revokeByRecord(shortened: Shortened, parts: Parts, terminal: Terminal): Promise<Ending> {
  const { key, instance, application, graceMs } = shortened;
  const { credentialId } = key;
  const amendment = { amend: 'shorten', instance, credentialId, graceMs } as const;
  const { outcome, stands } = await parts.rotator.amend(application, amendment);
  if (!stands) return { is: 'alive', problems: outcome.trouble ? [outcome.trouble] : [] };
  tellWhen(shortened, outcome, terminal);
  return untilRevoked({ credentialId, instance }, outcome, parts, terminal);
}

function tellWhen({ key, graceMs }: Shortened, { view }: Outcome, terminal: Terminal): void {
  const revokeAt = view?.superseded.find(({ credentialId }) => credentialId === key.credentialId)?.revokeAt;
  if (graceMs === 0 || !revokeAt) return;
  terminal.write(`${key.accessKeyId}: will be revoked at ${iso(revokeAt)}, by whichever replica is first\n`);
}
