import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type GlesysStandIn, startGlesys } from '../../../src/sandbox/glesys.ts';
import type { Scene } from '../../support/scene.ts';
import { type AppRoleLogin, createRole, enableAppRole, type TokenLife } from './approle.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { IamClient } from './iam-client.ts';
import { IamKeyRing } from './iam-key-ring.ts';
import { startVault, type VaultServer } from './vault-server.ts';
import { type S3Server, startVersityGw } from './versitygw.ts';

const VAULT_POLICY = join(import.meta.dirname, '..', '..', '..', 'config', 'vault-policy.hcl');

export const INSTANCE = 'os-real1';

/** A real Vault and a real S3 server, with the GleSYS API in front of the latter's IAM. */
export interface Setting {
  readonly scene: Scene;
  readonly vault: VaultServer;
  readonly s3: S3Server;
  readonly ring: IamKeyRing;
  readonly glesys: GlesysStandIn;
  /** A role with the rights that `config/vault-policy.hcl` ships, and no others. */
  readonly rekeyd: AppRoleLogin;
}

/** Starts all of it, with a KV v2 mount `secret`. */
export async function arrange(scene: Scene, tokenLife: TokenLife): Promise<Setting> {
  const vault = await startVault(scene, inject('vaultProgram'));
  const s3 = await startVersityGw(scene, inject('versitygwProgram'));
  const ring = new IamKeyRing(new IamClient(s3.iam, s3.root, s3.region));
  const glesys = await startGlesys({ ring });
  scene.atEnd(() => glesys.close());
  glesys.account.addInstance(INSTANCE);
  await vault.mountKv('secret', 2);
  await enableAppRole(vault);
  const rekeyd = await createRole(vault, 'rekeyd', await readFile(VAULT_POLICY, 'utf8'), tokenLife);
  return { scene, vault, s3, ring, glesys, rekeyd };
}

/** What a test's policy says on top of where everything is. */
export interface PolicyParts {
  readonly vault?: Readonly<Record<string, unknown>>;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly applications: Readonly<Record<string, unknown>>;
}

function policyOf({ glesys, s3, vault }: Setting, parts: PolicyParts): unknown {
  return {
    owner: 'real-test',
    issuers: {
      sto1: {
        type: 'glesys',
        project: glesys.project,
        api_key: { env: 'GLESYS_API_KEY' },
        instance: INSTANCE,
        api: glesys.url,
        endpoint: s3.s3,
        region: s3.region,
      },
    },
    vault: {
      address: vault.address,
      mount: 'secret',
      auth: { method: 'approle', role_id: { env: 'VAULT_ROLE_ID' }, secret_id: { env: 'VAULT_SECRET_ID' } },
      ...parts.vault,
    },
    defaults: { verify: { timeout: '10s', successes: 2 }, consumers: { refresh: '1s' }, ...parts.defaults },
    applications: parts.applications,
    scheduler: { resync: '2s', spread: '0s' },
    http: { listen: '127.0.0.1:0' },
    log: { level: 'debug' },
  };
}

/** Runs the built daemon in a setting. */
export function run(setting: Setting, name: string, parts: PolicyParts): Promise<Daemon> {
  const env = {
    GLESYS_API_KEY: setting.glesys.apiKey.reveal(),
    VAULT_ROLE_ID: setting.rekeyd.roleId,
    VAULT_SECRET_ID: setting.rekeyd.secretId,
  };
  return startDaemon(setting.scene, { name, policy: policyOf(setting, parts), env });
}
