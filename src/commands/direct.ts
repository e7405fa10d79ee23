import type { Parts } from '../parts.ts';
import { type Named, revokeByHand } from '../rotation/by-hand.ts';
import { steadyPace } from '../scheduler/pacing.ts';
import type { HeldKey } from './holdings.ts';
import { progressOn } from './progress.ts';
import type { Ending } from './revocation.ts';
import type { Terminal } from './terminal.ts';

/** Secrets read per second: a person waits, and Vault has others to serve. */
const READS_PER_SECOND = 100;

/** Revokes at the issuer itself, if the key stands in no secret of the policy. */
export async function revokeDirectly(
  { credentialId: id, accessKeyId }: Pick<HeldKey, 'credentialId' | 'accessKeyId'>,
  instance: string,
  { policy: { applications }, vault: store, lists }: Parts,
  terminal: Terminal,
): Promise<Ending> {
  const key: Named = { id, accessKeyId, instance };
  const progress = progressOn(terminal, applications.size);
  const steady = steadyPace(READS_PER_SECOND);
  try {
    const pace = () => steady().then(progress.step);
    const problem = await revokeByHand(key, { applications, store, lists, pace });
    return problem ? { is: 'alive', problems: [problem] } : { is: 'revoked' };
  } finally {
    progress.end();
  }
}
