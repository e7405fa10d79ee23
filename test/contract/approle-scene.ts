import { expect } from 'vitest';
import type { Fields, PlainVault, Said } from './vault-client.ts';
import type { VaultScene } from './vault-scene.ts';

const RULES = [
  ['data/mine/*', '"create", "read", "update", "patch"'],
  ['data/new-only/*', '"create"'],
  ['data/old-only/*', '"update"'],
  ['data/+/shared', '"read"'],
  ['data/mine/secret/*', '"deny"'],
  ['metadata/mine/*', '"read", "patch"'],
];

/** An AppRole mount of one run of the suite, with a role `app` that has few rights. */
export class AppRoleScene {
  readonly #vault: PlainVault;
  readonly #mount: string;
  readonly policy: string;
  readonly ids: { readonly role_id: unknown; readonly secret_id: unknown };

  private constructor(vault: PlainVault, mount: string, policy: string, ids: AppRoleScene['ids']) {
    this.#vault = vault;
    this.#mount = mount;
    this.policy = policy;
    this.ids = ids;
  }

  /** `name` makes it different from others on the same Vault. */
  static async open({ vault, kv, unique }: VaultScene, name: string): Promise<AppRoleScene> {
    const [mount, policy] = [`approle-${name}-${unique}`, `contract-${name}-${unique}`];
    const hcl = RULES.map(([path, list]) => `path "${kv}/${path}" { capabilities = [${list}] }`).join('\n');
    await vault.must('PUT', `sys/policies/acl/${policy}`, { policy: `# least rights\n${hcl}\n` });
    await vault.must('POST', `sys/auth/${mount}`, { type: 'approle' });
    await vault.must('POST', `auth/${mount}/role/app`, { token_policies: policy });
    const role = await vault.must('GET', `auth/${mount}/role/app/role-id`);
    const secret = await vault.must('POST', `auth/${mount}/role/app/secret-id`, {});
    const ids = { role_id: role.body?.data?.['role_id'], secret_id: secret.body?.data?.['secret_id'] };
    return new AppRoleScene(vault, mount, policy, ids);
  }

  login(ids: Fields = this.ids): Promise<Said> {
    return this.#vault.as(undefined).post(`auth/${this.#mount}/login`, ids);
  }

  /** A client that has logged in while the role gave tokens so much time. */
  async loggedIn(ttl = '1h', maxTtl = '2h'): Promise<PlainVault> {
    const life = { token_policies: this.policy, token_ttl: ttl, token_max_ttl: maxTtl };
    await this.#vault.must('POST', `auth/${this.#mount}/role/app`, life);
    return this.#vault.as(String((await this.login()).body?.auth?.['client_token']));
  }
}

/** A policy's denial, which says nothing of a dead token. */
export function expectDenied(said: Said): void {
  expect(said.status).toBe(403);
  expect(said.body?.errors?.join()).toContain('permission denied');
  expect(said.body?.errors?.join()).not.toContain('invalid token');
}
