import type { IssuerPolicy } from '../policy/policy.ts';
import type { IssuerDeps, OpenIssuer } from './deps.ts';
import { openGlesys } from './glesys.ts';

/** One factory per `type` of the policy. */
const FACTORIES: Readonly<Record<IssuerPolicy['type'], (policy: IssuerPolicy, deps: IssuerDeps) => OpenIssuer>> = {
  glesys: openGlesys,
};

export function openIssuer(policy: IssuerPolicy, deps: IssuerDeps): OpenIssuer {
  return FACTORIES[policy.type](policy, deps);
}
