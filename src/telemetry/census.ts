import type { Policy } from '../policy/policy.ts';
import { parseMarker } from '../rotation/marker.ts';
import type { ListedCredential } from '../rotation/ports.ts';
import { eachInSlices } from '../slices.ts';

/**
 * Whose a listed credential is, as far as its description tells:
 * - `ours`: marked by this owner for an application of the policy. What was marked for an earlier path or another Vault
 *   is not told apart here: only a pass knows an application's place.
 * - `unclaimed`: marked by this owner for an application that the policy does not name.
 * - `foreign`: anything else.
 */
export const CREDENTIAL_KINDS = ['ours', 'unclaimed', 'foreign'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** How many credentials of each kind there are. */
export type Census = Readonly<Record<CredentialKind, number>>;

/** Counted in slices: an instance may have 20,000 of them. */
export async function censusOf(
  credentials: Iterable<Pick<ListedCredential, 'description'>>,
  policy: Pick<Policy, 'owner' | 'applications'>,
): Promise<Census> {
  const census = { ours: 0, unclaimed: 0, foreign: 0 };
  await eachInSlices(credentials, ({ description }) => {
    census[kindOf(description, policy)] += 1;
  });
  return census;
}

function kindOf(description: string, { owner, applications }: Pick<Policy, 'owner' | 'applications'>): CredentialKind {
  const marker = parseMarker(description);
  if (marker?.owner !== owner) return 'foreign';
  return applications.has(marker.application) ? 'ours' : 'unclaimed';
}
