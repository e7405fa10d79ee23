import type { IssuerPolicy } from '../../policy/policy.ts';
import type { Problem } from '../../rotation/errors.ts';
import type { Board } from '../board.ts';
import type { PolicyStanding } from '../policy-standing.ts';
import type { ServerHealth } from '../server-health.ts';

/** Where the numbers come from that are looked up when they are asked for. What is absent is not shown. */
export interface MetricsSources {
  readonly board: Board;
  /** Unix ms. */
  readonly now: () => number;
  readonly issuers: ReadonlyMap<string, Pick<IssuerPolicy, 'limits'>>;
  readonly circuits: () => readonly ServerHealth[];
  /** In ms. */
  readonly effectiveResyncMs: () => number;
  readonly version: string;
  /** What the policy asks for, in ms. */
  readonly resyncMs?: () => number;
  readonly policyStanding?: () => PolicyStanding;
  readonly tokenStanding?: () => TokenLife;
  /** Since the last heartbeat, in ms. */
  readonly sinceBeatMs?: () => number;
  /** What is still missing before rekeyd does its work; empty: ready. */
  readonly missing?: () => readonly string[];
  /** Whether to tell of the process too: memory, CPU, event loop. */
  readonly isAboutProcess?: boolean;
}

/** How rekeyd stands with Vault. */
export interface TokenLife {
  /** Unix ms; Infinity: never; undefined: there is no token yet. */
  readonly expiresAt: number | undefined;
  /** How long it had to live when it was new, in ms; Infinity: for ever. */
  readonly lifetimeMs: number | undefined;
  /** Why the last login or renewal failed. */
  readonly problem: Problem | undefined;
}
