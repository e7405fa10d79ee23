import type { StandIns } from '../policy/draft.ts';
import { Secret } from '../policy/secret.ts';
import type { Clock, RandomHex } from '../rotation/ports.ts';
import { cryptoHex, systemClock } from '../system.ts';
import { CannotListen, type StandInName } from './cannot-listen.ts';
import { type GlesysStandIn, startGlesys } from './glesys.ts';
import type { GlesysAccount, MadeCredential } from './glesys-account.ts';
import { type KeyRing, MemoryKeyRing } from './keyring.ts';
import { type S3StandIn, startS3 } from './s3.ts';
import type { StandIn, StandInAddress } from './server.ts';
import type { Kv2Store } from './vault/kv2-store.ts';
import { startVault, type Vault, type VaultStandIn } from './vault/vault.ts';

export interface SandboxOptions {
  readonly glesys?: StandInAddress;
  readonly s3?: StandInAddress;
  readonly vault?: StandInAddress;
  /** The first instance, and what opens the GleSYS API; made up when missing. */
  readonly instance?: string;
  readonly apiKey?: Secret;
  readonly clock?: Clock;
  readonly random?: RandomHex;
  /** Where keys are made and known; in memory when missing. */
  readonly keys?: KeyRing;
}

/** The three stand-ins and what tests need to look and reach behind their APIs. */
export interface Sandbox extends StandIns {
  /** The first instance. */
  readonly instance: string;
  readonly rootToken: Secret;
  /** The keys in memory; with a ring of somebody else's it is unused. */
  readonly keys: MemoryKeyRing;
  readonly account: GlesysAccount;
  readonly servers: { readonly glesys: GlesysStandIn; readonly s3: S3StandIn; readonly vault: VaultStandIn };
  /** The inside of Vault: seal it, change its cluster id, its tokens, policies, roles and mounts. */
  readonly vaultCore: Vault;
  /** What the mount `secret` holds. */
  readonly vaultStore: Kv2Store;
  /** Issuer → instance, as far as `instanceFor` was asked. */
  instances(): Readonly<Record<string, string>>;
  addInstance(id?: string): string;
  credentials(instance: string): readonly MadeCredential[];
  close(): Promise<void>;
}

/** The rights of config/vault-policy.hcl, for every path. */
const POLICY = `
path "secret/data/*" { capabilities = ["create", "read", "update"] }
path "secret/metadata/*" { capabilities = ["read", "patch"] }
path "secret/delete/*" { capabilities = ["update"] }
path "secret/config" { capabilities = ["read"] }
`;

const TOKEN_TTL_MS = 3_600_000;

/** Starts all three, on free ports of 127.0.0.1 where no address is given. Throws `CannotListen` where one is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { clock = systemClock, random = cryptoHex } = options;
  const keys = new MemoryKeyRing(clock, random);
  const ring = options.keys ?? keys;
  const servers = await startAll(options, { clock, random, ring });
  const { glesys, s3, vault } = servers;
  vault.vault.policies.set('rekeyd', POLICY);
  const roleId = vault.vault.appRole.setRole('rekeyd', { policies: ['rekeyd'], ttlMs: TOKEN_TTL_MS });
  const secretId = vault.vault.appRole.addSecretId('rekeyd');
  const instances = new Map<string, string>();
  const instanceFor = (issuer: string) => {
    const id = instances.get(issuer) ?? glesys.account.addInstance();
    instances.set(issuer, id);
    return id;
  };
  return {
    glesys: glesys.url,
    s3: s3.url,
    vault: vault.url,
    roleId: new Secret(roleId),
    secretId: new Secret(secretId),
    project: glesys.project,
    apiKey: glesys.apiKey,
    rootToken: vault.rootToken,
    instance: glesys.account.addInstance(options.instance),
    instanceFor,
    keys,
    account: glesys.account,
    servers,
    vaultCore: vault.vault,
    vaultStore: vault.vault.kv2(),
    instances: () => Object.fromEntries(instances),
    addInstance: (id) => glesys.account.addInstance(id),
    credentials: (instance) => glesys.account.credentials(instance),
    close: () => closeAll([glesys, s3, vault]),
  };
}

async function startAll(
  options: SandboxOptions,
  common: { readonly clock: Clock; readonly random: RandomHex; readonly ring: KeyRing },
): Promise<Sandbox['servers']> {
  type Start<T> = (at: typeof common & { readonly address?: StandInAddress }) => Promise<T>;
  const started: StandIn[] = [];
  const open = async <T extends StandIn>(server: StandInName, start: Start<T>): Promise<T> => {
    const address = options[server];
    const standIn = await start({ ...common, ...(address && { address }) }).catch((error: NodeJS.ErrnoException) => {
      throw error.syscall === 'listen' ? new CannotListen(server, address, error.code ?? '') : error;
    });
    started.push(standIn);
    return standIn;
  };
  try {
    return {
      glesys: await open('glesys', (at) => startGlesys({ ...at, ...(options.apiKey && { apiKey: options.apiKey }) })),
      s3: await open('s3', startS3),
      vault: await open('vault', startVault),
    };
  } catch (error) {
    await closeAll(started);
    throw error;
  }
}

async function closeAll(standIns: readonly StandIn[]): Promise<void> {
  await Promise.all(standIns.map((one) => one.close()));
}
