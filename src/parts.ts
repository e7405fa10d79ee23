import { openIssuer } from './issuers/issuers.ts';
import type { Policy, SecretReference } from './policy/policy.ts';
import { secretSource } from './policy/secrets.ts';
import type { Report } from './rotation/events.ts';
import { Lists } from './rotation/lists.ts';
import { openRotator } from './rotation/pass.ts';
import type { Clock, Issuer, ListedCredential, RandomHex, SecretStore, Verifier } from './rotation/ports.ts';
import type { Examiner, Rotator, Stoppable } from './rotation/rotator.ts';
import type { IssuerSite } from './rotation/world.ts';
import { Circuit } from './scheduler/circuit.ts';
import { guardedStore, pacedIssuer } from './scheduler/pacing.ts';
import { ServerWatch } from './scheduler/server-watch.ts';
import { openVaultStore, type VaultStore } from './vault/store.ts';
import { openS3Verifier } from './verifiers/s3.ts';

export interface PartsOptions {
  readonly clock: Clock;
  readonly random: RandomHex;
  readonly replica: string;
  readonly report: Report;
  /** Unix ms: when the policy was read. */
  readonly policyLoadedAt: number;
  readonly env: NodeJS.ProcessEnv;
  /** Hears each list, by the issuer's name in the policy. */
  readonly onListed?: (issuer: string, credentials: readonly ListedCredential[]) => void;
  /** Pauses in ms before each next probe of a server whose circuit is open; for tests, which have less patience. */
  readonly probeAfterMs?: readonly number[];
}

/** Everything one replica is made of, built from a policy. Nothing is contacted before it is used. */
export interface Parts {
  readonly policy: Policy;
  readonly options: PartsOptions;
  readonly rotator: Rotator & Examiner & Stoppable;
  readonly lists: Lists;
  readonly sites: ReadonlyMap<string, IssuerSite>;
  readonly vault: VaultStore;
  readonly verifier: Verifier;
  /** By the issuer's name in the policy. */
  readonly issuerWatches: ReadonlyMap<string, ServerWatch>;
  readonly vaultWatch: ServerWatch;
  close(): Promise<void>;
}

export function buildParts(policy: Policy, options: PartsOptions): Parts {
  const secretOf = (reference: SecretReference) => secretSource(reference, options.env);
  const vault = openVaultStore(policy.vault, { clock: options.clock, secretOf });
  const verifier = openS3Verifier();
  const patience = options.probeAfterMs && { probeAfterMs: options.probeAfterMs };
  const opened = [...policy.issuers.values()].map((issuer) => ({
    policy: issuer,
    issuer: openIssuer(issuer, { secretOf }),
  }));
  const paced = opened.map(({ policy: { name, limits }, issuer }) => {
    const circuit = new Circuit({ server: `issuer ${name}`, code: 'issuer-circuit-open', ...patience });
    return { name, circuit, issuer: pacedIssuer(issuer, limits, circuit, (list) => options.onListed?.(name, list)) };
  });
  const vaultCircuit = new Circuit({ server: 'Vault', code: 'vault-circuit-open', ...patience });
  const store = guardedStore(vault, vaultCircuit);
  const sites = sitesOf(policy, new Map(paced.map(({ name, issuer }) => [name, issuer])));
  const byInstance = new Map(paced.toReversed().map(({ issuer }) => [issuer.instance, issuer]));
  const lists = new Lists(byInstance, options.clock, policy.scheduler.resyncMs);
  const { owner, applications } = policy;
  const rotator = openRotator({ ...options, owner, applications, sites, lists, store, verifier });
  return {
    policy,
    options,
    rotator,
    lists,
    sites,
    vault,
    verifier,
    issuerWatches: new Map(
      paced.map(({ name, circuit, issuer }) => [name, new ServerWatch(circuit, () => issuer.list())]),
    ),
    vaultWatch: new ServerWatch(vaultCircuit, () => probeVault(policy, store)),
    close: async () => {
      await Promise.all([vault.close(), verifier.close(), ...opened.map(({ issuer }) => issuer.close())]);
    },
  };
}

/** Reading any application's secret needs everything that the others need too: the way there, a token, an unsealed Vault. */
async function probeVault(policy: Policy, store: SecretStore): Promise<void> {
  for (const { path } of policy.applications.values()) {
    await store.read(path);
    return;
  }
}

function sitesOf(policy: Policy, issuers: ReadonlyMap<string, Issuer>): ReadonlyMap<string, IssuerSite> {
  const sites = [...policy.issuers.values()].map((of): [string, IssuerSite] => {
    const issuer = issuers.get(of.name);
    if (!issuer) throw new Error(`no issuer was opened for ${of.name}`);
    const target = { endpoint: of.endpoint, region: of.region };
    return [of.name, { issuer, target, quota: of.limits.credentials ?? Number.POSITIVE_INFINITY }];
  });
  return new Map(sites);
}
