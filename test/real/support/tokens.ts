import type { VaultServer } from './vault-server.ts';

/** Revokes every token that has this policy, as an operator who found one leaked would. Returns how many. */
export async function revokeTokensOf(vault: VaultServer, policy: string): Promise<number> {
  const { data = {} } = await vault.tell('GET', 'auth/token/accessors?list=true');
  let revoked = 0;
  for (const accessor of data['keys'] as readonly string[]) {
    const { status, body } = await vault.ask('POST', 'auth/token/lookup-accessor', { accessor });
    const policies = status === 200 ? (body.data?.['policies'] as readonly string[]) : [];
    if (!policies.includes(policy)) continue;
    await vault.tell('POST', 'auth/token/revoke-accessor', { accessor });
    revoked += 1;
  }
  return revoked;
}
