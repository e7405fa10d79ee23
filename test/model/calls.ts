import type { PortErrorDetails } from '../../src/rotation/errors.ts';

/** What a replica asks of the world outside: every method of a port, as data. */
export type Call =
  | { readonly op: 'place' | 'standing' | 'annotate'; readonly path: string }
  /** `read-back`: the look at what this pass has just written. */
  | { readonly op: 'read' | 'read-back'; readonly path: string }
  | { readonly op: 'write'; readonly path: string; readonly data: Data; readonly version: number }
  | { readonly op: 'reach' }
  | { readonly op: 'list'; readonly instance: string }
  | { readonly op: 'issue'; readonly instance: string; readonly description: string }
  | { readonly op: 'revoke'; readonly instance: string; readonly id: string }
  | {
      readonly op: 'probe';
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly endpoint: string;
    }
  | { readonly op: 'sleep'; readonly until: number };

export type Op = Call['op'];

/** The fields of a secret, in the clear: these live in a test only. */
export type Data = Readonly<Record<string, unknown>>;

/** What came back, as data, so that it can be given to a replica again. */
export type Result = { readonly ok: unknown } | { readonly error: Failure };

export type Failure = Pick<PortErrorDetails, 'kind' | 'code'>;

/**
 * How a call fares on its way.
 * - `done`: carried out and answered.
 * - `lost`: never arrives, and the caller learns nothing.
 * - `unanswered`: carried out, and the caller learns nothing.
 * - `late`: the caller learns nothing, and it arrives at any later time or never.
 * - `resent`: carried out, then sent again by a proxy; the caller hears what the second one led to.
 * - `unavailable`: certainly not carried out, and the caller knows it.
 */
export type Manner = 'done' | 'lost' | 'unanswered' | 'late' | 'resent' | 'unavailable';

/** What can go wrong with a call. However one that only looks fails, its caller knows nothing: one way is enough. */
export const FAULTS: { readonly [O in Op]?: readonly Manner[] } = {
  write: ['lost', 'unanswered', 'late', 'resent', 'unavailable'],
  issue: ['lost', 'unanswered', 'late', 'resent', 'unavailable'],
  revoke: ['lost', 'unanswered', 'late', 'unavailable'],
  read: ['lost'],
  list: ['lost'],
  probe: ['lost'],
};

/** A call in words, for a trace. */
export function wordsOf(call: Call): string {
  switch (call.op) {
    case 'write':
      return `write version ${call.version + 1} of ${call.path}`;
    case 'issue':
      return `issue ${call.description}`;
    case 'revoke':
      return `revoke ${call.id}`;
    case 'probe':
      return `probe ${call.accessKeyId}`;
    case 'sleep':
    case 'reach':
      return call.op;
    case 'list':
      return `list ${call.instance}`;
    default:
      return `${call.op} ${call.path}`;
  }
}
