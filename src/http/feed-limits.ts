/** How much is sent to who watches, and how often. */
export interface FeedLimits {
  readonly viewers: number;
  /** Rows in one event. */
  readonly rows: number;
  /** A viewer who has missed more changes than this gets everything anew. */
  readonly backlog: number;
  /** Changes are gathered for so many ms before they are sent. */
  readonly gatherMs: number;
  /** The overview is sent this often even if nothing changed: it shows that the line is alive. */
  readonly beatMs: number;
  /** A viewer that takes nothing for so many ms is dropped. */
  readonly patienceMs: number;
}

export const FEED_LIMITS: FeedLimits = {
  viewers: 32,
  rows: 500,
  backlog: 5_000,
  gatherMs: 250,
  beatMs: 5_000,
  patienceMs: 60_000,
};
