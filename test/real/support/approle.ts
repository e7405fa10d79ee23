import type { VaultServer } from './vault-server.ts';

export interface AppRoleLogin {
  readonly roleId: string;
  readonly secretId: string;
}

/** Durations as Vault writes them, `30s`. */
export interface TokenLife {
  readonly ttl: string;
  readonly maxTtl: string;
}

export async function enableAppRole(vault: VaultServer): Promise<void> {
  await vault.tell('POST', 'sys/auth/approle', { type: 'approle' });
}

/** A role whose tokens have the rights of `policy` (HCL) and of Vault's own policy `default`, and no others. */
export async function createRole(
  vault: VaultServer,
  name: string,
  policy: string,
  life: TokenLife,
): Promise<AppRoleLogin> {
  await vault.tell('PUT', `sys/policies/acl/${name}`, { policy });
  await vault.tell('POST', `auth/approle/role/${name}`, {
    token_policies: [name],
    token_ttl: life.ttl,
    token_max_ttl: life.maxTtl,
  });
  const role = await vault.tell('GET', `auth/approle/role/${name}/role-id`);
  const secret = await vault.tell('POST', `auth/approle/role/${name}/secret-id`, {});
  return { roleId: String(role.data?.['role_id']), secretId: String(secret.data?.['secret_id']) };
}

/** A token straight from a role, as rekeyd would get it. */
export async function login(vault: VaultServer, { roleId, secretId }: AppRoleLogin): Promise<string> {
  const answer = await vault.tell('POST', 'auth/approle/login', { role_id: roleId, secret_id: secretId });
  return answer.auth?.client_token ?? '';
}
