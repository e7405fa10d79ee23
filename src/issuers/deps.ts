import type { SecretReference } from '../policy/policy.ts';
import type { SecretSource } from '../policy/secret.ts';
import type { Issuer } from '../rotation/ports.ts';
import type { Timeouts } from '../transport/call.ts';
import type { Traffic } from '../transport/traffic.ts';

/** What every issuer's factory gets besides its part of the policy. */
export interface IssuerDeps {
  readonly secretOf: (reference: SecretReference) => SecretSource;
  readonly timeouts?: Timeouts;
  readonly traffic?: Traffic;
}

/** An issuer with connections of its own. */
export interface OpenIssuer extends Issuer {
  close(): Promise<void>;
}
