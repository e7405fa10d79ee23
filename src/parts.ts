import { closeServers, openServers, type Servers, type ServersOptions } from './parts/servers.ts';
import type { Policy } from './policy/policy.ts';
import type { Report } from './rotation/events.ts';
import { Lists } from './rotation/lists.ts';
import { openRotator } from './rotation/pass.ts';
import type { RandomHex, SecretStore, Verifier } from './rotation/ports.ts';
import type { Amender, Examiner, Rotator, Stoppable } from './rotation/rotator.ts';
import { StoreSilences } from './rotation/silence.ts';
import type { IssuerSite } from './rotation/world.ts';
import { ServerWatch } from './scheduler/server-watch.ts';
import type { VaultStore } from './vault/store.ts';

export interface PartsOptions extends ServersOptions {
  readonly random: RandomHex;
  readonly replica: string;
  readonly report: Report;
  /** Unix ms: when the policy was read. */
  readonly policyLoadedAt: number;
}

/** Everything one replica is made of, built from a policy. Nothing is contacted before it is used. */
export interface Parts {
  readonly policy: Policy;
  readonly options: PartsOptions;
  readonly rotator: Rotator & Examiner & Amender & Stoppable;
  readonly lists: Lists;
  readonly silences: StoreSilences;
  readonly sites: ReadonlyMap<string, IssuerSite>;
  readonly servers: Servers;
  readonly vault: VaultStore;
  readonly verifier: Verifier;
  /** By the issuer's name in the policy. */
  readonly issuerWatches: ReadonlyMap<string, ServerWatch>;
  readonly vaultWatch: ServerWatch;
  /** Ends all connections but those that `successor`, built with these parts as `before`, goes on with. */
  close(successor?: Parts): Promise<void>;
}

/** `before`: the parts by an earlier policy of this process. What it must not forget, and what is the same, goes on. */
export function buildParts(policy: Policy, options: PartsOptions, before?: Parts): Parts {
  const servers = openServers(policy, options, before?.servers);
  const { vault, verifier } = servers;
  const opened = [...servers.issuers.values()];
  const sites = sitesOf(servers);
  const byInstance = new Map(opened.toReversed().map(({ issuer }) => [issuer.instance, issuer]));
  const lists = new Lists(byInstance, options.clock, policy.scheduler.resyncMs, before?.lists);
  const silences = before?.silences ?? new StoreSilences();
  const { owner, applications } = policy;
  const world = { ...options, owner, applications, sites, lists, store: vault.store, verifier };
  return {
    policy,
    options,
    rotator: openRotator(world, silences),
    lists,
    silences,
    sites,
    servers,
    vault: vault.connection,
    verifier,
    issuerWatches: new Map(
      opened.map(({ issuer, circuit }) => [issuer.name, new ServerWatch(circuit, () => issuer.list())]),
    ),
    vaultWatch: new ServerWatch(vault.circuit, () => probeVault(policy, vault.store)),
    close: (successor) => closeServers(servers, successor?.servers),
  };
}

/** Reading any application's secret needs everything that the others need too: the way there, a token, an unsealed Vault. */
async function probeVault(policy: Policy, store: SecretStore): Promise<void> {
  for (const { path } of policy.applications.values()) {
    await store.read(path);
    return;
  }
}

function sitesOf({ issuers }: Servers): ReadonlyMap<string, IssuerSite> {
  const sites = [...issuers.values()].map(({ policy: { name, endpoint, region, limits }, issuer }) => {
    const site = { issuer, target: { endpoint, region }, quota: limits.credentials ?? Number.POSITIVE_INFINITY };
    return [name, site] as const;
  });
  return new Map(sites);
}
