import type { ApplicationPolicy } from '../policy/policy.ts';
import type { Problem } from '../rotation/errors.ts';
import type { ApplicationView, Trouble } from '../rotation/outcome.ts';

/** How an application stands, in one word; the first that applies, from `rotating` over the troubles to `current`. */
export const STATES = [
  'rotating',
  'refused',
  'blocked',
  'failing',
  'unknown',
  'new',
  'overdue',
  'in-grace',
  'current',
] as const;
export type ApplicationState = (typeof STATES)[number];

/** What the board knows of one application. Times are Unix ms. Nothing secret in it. */
export interface BoardEntry {
  readonly application: string;
  readonly issuer: string;
  readonly path: string;
  /** In ms; how long a superseded credential lives on by the policy. */
  readonly graceMs?: number;
  readonly state: ApplicationState;
  readonly view?: ApplicationView;
  readonly trouble?: Trouble;
  /** When the trouble was first seen. */
  readonly troubleSince?: number;
  /** Failed or blocked passes in a row. */
  readonly failures: number;
  readonly notices: readonly Problem[];
  /** When a pass last did something. */
  readonly lastSuccessAt?: number;
  /** When it was last looked at. */
  readonly seenAt?: number;
  /** Seconds past its time of rotation; 0 while that lies ahead. */
  readonly overdueSeconds: number;
  /** When it is looked at next; absent where only the resync will. */
  readonly nextAt?: number;
  /** In words: what happens then. */
  readonly next?: string;
}

/** What the board needs to know of an application of the policy. */
export type BoardPolicy = Pick<ApplicationPolicy, 'issuer' | 'path'> & Partial<Pick<ApplicationPolicy, 'graceMs'>>;

/** Refusals that a person brought about on purpose: nobody is called for them. */
const MEANT: ReadonlySet<string> = new Set(['retired']);

export function isMeant({ code }: Problem): boolean {
  return MEANT.has(code);
}
