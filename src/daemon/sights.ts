import type { Parts } from '../parts.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { CallCounts } from '../telemetry/call-counts.ts';
import type { ServerHealth } from '../telemetry/server-health.ts';
import type { IssuerSight, Listed, VaultSight } from '../telemetry/site.ts';

/** What keeps this replica from being ready, in words. */
export function missing({ vault }: Parts, scheduler: Scheduler): readonly string[] {
  const { problem, expiresAt } = vault.tokenStanding();
  return [
    ...(problem ? [`no login to Vault: ${problem.reason}`] : []),
    ...(!problem && expiresAt === undefined ? ['no login to Vault yet'] : []),
    ...scheduler.unsurveyed.map((issuer) => `the applications of issuer ${issuer} have not been looked at yet`),
  ];
}

export function circuitsOf({ issuerWatches, vaultWatch }: Parts): readonly ServerHealth[] {
  return [...issuerWatches.values(), vaultWatch].map(({ circuit }) => circuit);
}

/** `listed`: what each issuer's newest list held, by its name. */
export function issuerSights(
  { servers }: Parts,
  listed: ReadonlyMap<string, Listed>,
  calls: CallCounts,
): readonly IssuerSight[] {
  return [...servers.issuers.values()].map(({ policy: { name, instance, limits }, circuit }) => {
    const newest = listed.get(name);
    const callsLastMinute = calls.lastMinute(circuit.server);
    return { name, instance, limits, circuit, callsLastMinute, ...(newest && { listed: newest }) };
  });
}

export function vaultSight({ policy, vault, vaultWatch }: Parts): VaultSight {
  const { problem, expiresAt } = vault.tokenStanding();
  return {
    address: policy.vault.address,
    circuit: vaultWatch.circuit,
    ...(problem && { problem }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
