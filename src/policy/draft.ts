import type { Secret } from './secret.ts';

/**
 * What running stand-ins offer to a policy with `sandbox`: their base URLs (no trailing slash) and the test credentials
 * that go with them, for everything that the policy file left out.
 */
export interface StandIns {
  readonly glesys: string;
  readonly s3: string;
  readonly vault: string;
  readonly roleId: Secret;
  readonly secretId: Secret;
  readonly project: string;
  readonly apiKey: Secret;
  /** The instance for an issuer of the policy that names none. */
  instanceFor(issuer: string): string;
}
