import type { IssuerLimits } from '../policy/policy.ts';
import type { Problem } from '../rotation/errors.ts';
import type { Census } from './census.ts';
import type { PolicyStanding } from './policy-standing.ts';
import type { ServerHealth } from './server-health.ts';

/** An issuer as it stands. Times are Unix ms. */
export interface IssuerSight {
  readonly name: string;
  readonly instance: string;
  readonly limits: IssuerLimits;
  readonly circuit: ServerHealth;
  /** Calls that ended in the last minute, however they ended. */
  readonly callsLastMinute: number;
  /** At the newest list; absent before the first. */
  readonly listed?: Listed;
}

/** Whose the credentials of an instance were when it was listed last. */
export interface Listed {
  readonly census: Census;
  readonly at: number;
}

/** Vault as this process finds it. */
export interface VaultSight {
  readonly address: string;
  readonly circuit: ServerHealth;
  /** Why there is no login. */
  readonly problem?: Problem;
  /** When the token ends (Unix ms); Infinity: never; absent: no login yet. */
  readonly expiresAt?: number;
}

/** What page and API tell beside the applications, looked up when somebody asks. */
export interface SiteSources {
  readonly version: string;
  readonly owner: () => string;
  readonly replica: string;
  /** Unix ms. */
  readonly startedAt: number;
  readonly policyStanding: () => PolicyStanding;
  readonly vault: () => VaultSight;
  readonly issuers: () => readonly IssuerSight[];
}
