import { isDeepStrictEqual } from 'node:util';
import type { OpenIssuer } from '../issuers/deps.ts';
import { openIssuer } from '../issuers/issuers.ts';
import type { IssuerPolicy, Policy, SecretReference, VaultPolicy } from '../policy/policy.ts';
import { secretSource } from '../policy/secrets.ts';
import type { Clock, Issuer, ListedCredential, SecretStore } from '../rotation/ports.ts';
import { Circuit } from '../scheduler/circuit.ts';
import { guardedStore, pacedIssuer } from '../scheduler/pacing.ts';
import type { Traffic } from '../transport/traffic.ts';
import { openVaultStore, type VaultStore } from '../vault/store.ts';
import { openS3Verifier } from '../verifiers/s3.ts';

export interface ServersOptions {
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** Hears each list, by the issuer's name in the policy. It is kept for as long as the connections are. */
  readonly onListed?: (issuer: string, credentials: readonly ListedCredential[]) => Promise<void>;
  /** Who hears how the calls to a server go, by what people call it: `issuer sto1`, `Vault`, `S3 s3.example.net`. */
  readonly trafficOf?: (server: string) => Traffic;
  /** Pauses in ms before each next probe of a server whose circuit is open; for tests, which have less patience. */
  readonly probeAfterMs?: readonly number[];
}

interface OpenedIssuer {
  readonly policy: IssuerPolicy;
  readonly connection: OpenIssuer;
  /** At the policy's pace, and behind its circuit. */
  readonly issuer: Issuer;
  readonly circuit: Circuit;
}

interface OpenedVault {
  readonly policy: VaultPolicy;
  readonly connection: VaultStore;
  /** Behind its circuit. */
  readonly store: SecretStore;
  readonly circuit: Circuit;
}

/** The connections to everything that a policy names, each with what is known of it: its pace, its circuit, a login. */
export interface Servers {
  /** By the issuer's name in the policy. */
  readonly issuers: ReadonlyMap<string, OpenedIssuer>;
  readonly vault: OpenedVault;
  readonly verifier: ReturnType<typeof openS3Verifier>;
}

/**
 * Contacts nothing. What an earlier policy of this process (`before`) had word for word the same stays open: nobody
 * logs in anew, gets ahead of a server's pace or forgets that it is down, only because something else was changed.
 */
export function openServers(policy: Policy, options: ServersOptions, before?: Servers): Servers {
  const issuers = [...policy.issuers.values()].map((one): [string, OpenedIssuer] => {
    const opened = before?.issuers.get(one.name);
    return [one.name, opened && isDeepStrictEqual(opened.policy, one) ? opened : newIssuer(one, options)];
  });
  const isSameVault = before && isDeepStrictEqual(before.vault.policy, policy.vault);
  return {
    issuers: new Map(issuers),
    vault: isSameVault ? before.vault : newVault(policy.vault, options),
    verifier: before?.verifier ?? openS3Verifier({ trafficOf: (endpoint) => options.trafficOf?.(s3Name(endpoint)) }),
  };
}

/** Ends all connections but those that `but` goes on with. */
export async function closeServers({ issuers, vault, verifier }: Servers, but?: Servers): Promise<void> {
  const kept = new Set<unknown>(but && [...but.issuers.values(), but.vault, but.verifier]);
  const ending = [...issuers.values(), vault].filter((one) => !kept.has(one));
  await Promise.all(ending.map(({ connection }) => connection.close()));
  if (!kept.has(verifier)) await verifier.close();
}

function newIssuer(policy: IssuerPolicy, options: ServersOptions): OpenedIssuer {
  const { name, limits } = policy;
  const connection = openIssuer(policy, { secretOf: secretOf(options), ...trafficTo(`issuer ${name}`, options) });
  const circuit = newCircuit({ server: `issuer ${name}`, code: 'issuer-circuit-open' }, options);
  const issuer = pacedIssuer(connection, limits, circuit, async (list) => options.onListed?.(name, list));
  return { policy, connection, issuer, circuit };
}

function newVault(policy: VaultPolicy, options: ServersOptions): OpenedVault {
  const connection = openVaultStore(policy, {
    clock: options.clock,
    secretOf: secretOf(options),
    ...trafficTo('Vault', options),
  });
  const circuit = newCircuit({ server: 'Vault', code: 'vault-circuit-open' }, options);
  return { policy, connection, store: guardedStore(connection, circuit), circuit };
}

function newCircuit(about: { server: string; code: string }, { probeAfterMs }: ServersOptions): Circuit {
  return new Circuit({ ...about, ...(probeAfterMs && { probeAfterMs }) });
}

function trafficTo(server: string, { trafficOf }: ServersOptions): { readonly traffic?: Traffic } {
  return trafficOf ? { traffic: trafficOf(server) } : {};
}

/** An old record may name an endpoint that is none. */
function s3Name(endpoint: string): string {
  return `S3 ${URL.parse(endpoint)?.host ?? 'elsewhere'}`;
}

function secretOf({ env }: ServersOptions) {
  return (reference: SecretReference) => secretSource(reference, env);
}
