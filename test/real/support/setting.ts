import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type GlesysStandIn, startGlesys } from '../../../src/sandbox/glesys.ts';
import { MemoryKeyRing } from '../../../src/sandbox/keyring.ts';
import { startS3 } from '../../../src/sandbox/s3.ts';
import { cryptoHex, systemClock } from '../../../src/system.ts';
import type { Scene } from '../../support/scene.ts';
import { type AppRoleLogin, createRole, enableAppRole, type TokenLife } from './approle.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { IamClient } from './iam-client.ts';
import { IamKeyRing } from './iam-key-ring.ts';
import { startVaultCluster, type VaultCluster } from './vault-cluster.ts';
import { startVault, type VaultServer } from './vault-server.ts';
import { type S3Server, startVersityGw } from './versitygw.ts';

const VAULT_POLICY = join(import.meta.dirname, '..', '..', '..', 'config', 'vault-policy.hcl');

export const INSTANCE = 'os-real1';
/** Of the policy that daemons in a setting run by. */
export const OWNER = 'real-test';

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

/** As much of a setting as a daemon needs; its keys may be anybody's. */
export type Site = Omit<Setting, 'ring' | 's3'> & { readonly s3: Pick<S3Server, 's3' | 'region'> };

/** The same on three Vaults that are one. */
export interface ClusterSetting extends Setting {
  readonly vault: VaultCluster;
}

/** Starts all of it, with a KV v2 mount `secret`. */
export async function arrange(scene: Scene, tokenLife: TokenLife): Promise<Setting> {
  return arrangeAround(scene, await startVault(scene, inject('vaultProgram')), tokenLife);
}

/** The same on a Raft cluster of three nodes behind a balancer. It takes half a minute until all of them vote. */
export async function arrangeCluster(scene: Scene, tokenLife: TokenLife): Promise<ClusterSetting> {
  return arrangeAround(scene, await startVaultCluster(scene, inject('vaultProgram')), tokenLife);
}

async function arrangeAround<V extends VaultServer>(
  scene: Scene,
  vault: V,
  tokenLife: TokenLife,
): Promise<Setting & { readonly vault: V }> {
  const s3 = await startVersityGw(scene, inject('versitygwProgram'));
  const ring = new IamKeyRing(new IamClient(s3.iam, s3.root, s3.region));
  const glesys = await startGlesys({ ring });
  scene.atEnd(() => glesys.close());
  glesys.account.addInstance(INSTANCE);
  return { scene, vault, s3, ring, glesys, rekeyd: await prepareVault(vault, tokenLife) };
}

/** One real Vault, with keys and an S3 in memory: for more credentials than the real S3 server's one file is quick for. */
export async function arrangeMany(scene: Scene, tokenLife: TokenLife): Promise<Site> {
  const ring = new MemoryKeyRing(systemClock, cryptoHex);
  const [glesys, s3] = [await startGlesys({ ring }), await startS3({ ring })];
  for (const standIn of [glesys, s3]) scene.atEnd(() => standIn.close());
  glesys.account.addInstance(INSTANCE);
  const vault = await startVault(scene, inject('vaultProgram'));
  const rekeyd = await prepareVault(vault, tokenLife);
  return { scene, vault, s3: { s3: s3.url, region: 'us-east-1' }, glesys, rekeyd };
}

/** The mount, and who may use it. */
async function prepareVault(vault: VaultServer, tokenLife: TokenLife): Promise<AppRoleLogin> {
  await vault.mountKv('secret', 2);
  await enableAppRole(vault);
  return createRole(vault, 'rekeyd', await readFile(VAULT_POLICY, 'utf8'), tokenLife);
}

/** What a test's policy says on top of where everything is. */
export interface PolicyParts {
  readonly vault?: Readonly<Record<string, unknown>>;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly applications: Readonly<Record<string, unknown>>;
  readonly scheduler?: Readonly<Record<string, unknown>>;
  /** Of the one issuer, `sto1`. */
  readonly issuer?: Readonly<Record<string, unknown>>;
}

function policyOf({ glesys, s3, vault }: Site, parts: PolicyParts): unknown {
  return {
    owner: OWNER,
    issuers: {
      sto1: {
        type: 'glesys',
        project: glesys.project,
        api_key: { env: 'GLESYS_API_KEY' },
        instance: INSTANCE,
        api: glesys.url,
        endpoint: s3.s3,
        region: s3.region,
        ...parts.issuer,
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
    scheduler: { resync: '2s', spread: '0s', ...parts.scheduler },
    http: { listen: '127.0.0.1:0' },
    log: { level: 'debug' },
  };
}

/** Runs the built daemon in a setting. `more`: of its environment. */
export function run(
  setting: Site,
  name: string,
  parts: PolicyParts,
  more: Readonly<Record<string, string>> = {},
): Promise<Daemon> {
  const env = {
    ...more,
    GLESYS_API_KEY: setting.glesys.apiKey.reveal(),
    VAULT_ROLE_ID: setting.rekeyd.roleId,
    VAULT_SECRET_ID: setting.rekeyd.secretId,
  };
  return startDaemon(setting.scene, { name, policy: policyOf(setting, parts), env });
}
