import type { Failing } from './failures.ts';

/** What a scheduler knew of one application. */
export interface Known {
  /** When it was to be looked at next (Unix ms); absent while it was in hand, or not yet looked at. */
  readonly at?: number;
  readonly failing?: Failing;
}

/** How far a resync had come. */
export interface Round {
  /** When the newest round began (Unix ms). */
  readonly beganAt: number;
  /** How long the round before it took, in ms. */
  readonly periodMs: number;
  /** Applications that the newest round has yet to come to. */
  readonly rest: ReadonlySet<string>;
}

/** What a scheduler takes over from the one before it when the policy changes under a running process. */
export interface Handover {
  /** The applications that stay just as they were. */
  readonly known: ReadonlyMap<string, Known>;
  /** By issuer, where each application was looked at since the start: those are not all looked at again at once. */
  readonly rounds: ReadonlyMap<string, Round>;
  /** For these the one before is still carrying something out: nobody touches them before that has ended. */
  readonly ending: ReadonlyMap<string, Promise<void>>;
}
