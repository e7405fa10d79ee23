import type { ApplicationPolicy } from '../policy/policy.ts';
import type { Report } from './events.ts';
import type { Lists } from './lists.ts';
import type { Clock, Issuer, RandomHex, S3Target, SecretStore, Verifier } from './ports.ts';

/** What an application's issuer is to a rotation. */
export interface IssuerSite {
  readonly issuer: Issuer;
  readonly target: S3Target;
  /** The instance's quota of credentials; Infinity where none is known. */
  readonly quota: number;
}

/** Everything a pass works with: what should be true, and the edges to the world. */
export interface World {
  readonly owner: string;
  /** Who writes: stands in the record as `by`. */
  readonly replica: string;
  readonly applications: ReadonlyMap<string, ApplicationPolicy>;
  /** By name in the policy. */
  readonly sites: ReadonlyMap<string, IssuerSite>;
  readonly lists: Lists;
  readonly store: SecretStore;
  readonly verifier: Verifier;
  readonly clock: Clock;
  readonly random: RandomHex;
  readonly report: Report;
  /** Unix ms: when this process read its policy. */
  readonly policyLoadedAt: number;
}

/** Time for all calls of an attempt besides the verification, in ms; longer than their time-outs add up to. */
const CALLS_MS = 120_000;

/** How far our clock and Vault's may be apart, in ms. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** After so many ms an attempt is over, whatever became of it. */
export function attemptMs(application: ApplicationPolicy): number {
  return application.verify.timeoutMs + CALLS_MS;
}

export function siteOf(world: World, application: ApplicationPolicy): IssuerSite {
  const site = world.sites.get(application.issuer);
  if (!site) throw new Error(`the policy has no issuer ${application.issuer}`);
  return site;
}
