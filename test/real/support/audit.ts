import { readFile } from 'node:fs/promises';
import type { VaultServer } from './vault-server.ts';

/** One answer of Vault, as its audit log has it (values are hashed there). */
export interface AuditedAnswer {
  readonly operation: string;
  readonly path: string;
  /** Why it failed; empty where it did not. */
  readonly error: string;
}

interface AuditLine {
  readonly type: string;
  readonly error?: string;
  readonly auth?: { readonly token_policies?: readonly string[] };
  readonly request: { readonly operation: string; readonly path: string };
}

/** Everything that Vault answered to tokens with this policy, logins included, oldest first. */
export async function answersTo(vault: VaultServer, policy: string): Promise<readonly AuditedAnswer[]> {
  const text = await readFile(vault.auditFile, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine)
    .filter(({ type, auth }) => type === 'response' && auth?.token_policies?.includes(policy))
    .map(({ request, error = '' }) => ({ operation: request.operation, path: request.path, error }));
}
