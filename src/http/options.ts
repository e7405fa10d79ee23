import type { ListenAddress } from '../policy/policy.ts';
import type { SecretSource } from '../policy/secret.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { Board } from '../telemetry/board.ts';
import type { History } from '../telemetry/history.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { SiteSources } from '../telemetry/site.ts';
import type { FeedLimits } from './feed-limits.ts';
import type { Allowances } from './rate.ts';

export interface HttpOptions {
  readonly listen: ListenAddress;
  /** Needed to read anything but health and metrics when `listen` is not loopback. */
  readonly token?: SecretSource;
  readonly board: Board;
  readonly history: History;
  readonly metrics: Metrics;
  readonly site: SiteSources;
  /** Unix ms. */
  readonly now: () => number;
  /** Milliseconds since the last heartbeat. */
  readonly sinceBeatMs: () => number;
  /** What is still missing before rekeyd does its work, in words; empty: ready. */
  readonly missing: () => readonly string[];
  /** Rotates an application at once; resolves when that has ended. */
  readonly rotate: (application: string) => Promise<Outcome>;
  /** Hears of defects while answering. */
  readonly onError?: (error: unknown) => void;
  /** How much each client may ask for; for tests. */
  readonly allowances?: Partial<Allowances>;
  /** Hears of each route; for tests. */
  readonly onRoute?: (route: { readonly method: string | string[]; readonly url: string }) => void;
  /** How the stream of events is fed; for tests. */
  readonly feed?: Partial<FeedLimits>;
}
