import { z } from 'zod';

/**
 * What a test can ask a stand-in to do wrong: `POST /_sandbox/faults` with one of these.
 * - `status`: answers `status` (with `body` and `headers`, if given) without doing what was asked.
 * - `status_after`: the same, after doing it; a Vault with a full audit disk is like that.
 * - `delay`: waits `delay_ms`, then does and answers as usual.
 * - `drop_before`, `drop_after`: the connection is cut before or after what was asked took effect; no answer either way.
 * - `html`: a page of HTML with `status` (200 when missing) instead of doing what was asked.
 * - `half`: does it, then cuts the connection in the middle of the body.
 *
 * It befalls requests of `method` (any when missing) whose path begins with `path` (any when missing): every `every`-th
 * of them (each when missing), `times` times at most (for ever when missing).
 */
export const faultSchema = z
  .strictObject({
    method: z.string().min(1).toUpperCase().optional(),
    path: z.string().startsWith('/').optional(),
    fault: z.enum(['status', 'status_after', 'delay', 'drop_before', 'drop_after', 'html', 'half']),
    status: z.int().min(200).max(599).optional(),
    body: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    delay_ms: z.int().min(0).max(600_000).optional(),
    every: z.int().min(1).optional(),
    times: z.int().min(1).optional(),
  })
  .superRefine((fault, context) => {
    const needs = (key: 'status' | 'delay_ms') => {
      if (fault[key] === undefined)
        context.addIssue({ code: 'custom', path: [key], message: `fault ${fault.fault} needs ${key}` });
    };
    if (fault.fault === 'status' || fault.fault === 'status_after') needs('status');
    if (fault.fault === 'delay') needs('delay_ms');
  });

export type Fault = z.infer<typeof faultSchema>;

interface Standing {
  readonly fault: Fault;
  matched: number;
  struck: number;
}

/** The faults asked of one server. Each request is struck by at most one: the first that is its turn. */
export class FaultBook {
  #standing: Standing[] = [];

  add(fault: Fault): void {
    this.#standing.push({ fault, matched: 0, struck: 0 });
  }

  clear(): void {
    this.#standing = [];
  }

  list(): readonly (Fault & { matched: number; struck: number })[] {
    return this.#standing.map(({ fault, matched, struck }) => ({ ...fault, matched, struck }));
  }

  /** The fault that strikes this request; counts it for all that it matches. */
  strike(method: string, path: string): Fault | undefined {
    const turns = this.#standing.filter((one) => matches(one.fault, method, path) && isTurn(one));
    const first = turns[0];
    if (first) first.struck += 1;
    return first?.fault;
  }
}

function matches(fault: Fault, method: string, path: string): boolean {
  return (fault.method === undefined || fault.method === method) && path.startsWith(fault.path ?? '/');
}

function isTurn(one: Standing): boolean {
  if (one.fault.times !== undefined && one.struck >= one.fault.times) return false;
  one.matched += 1;
  return one.matched % (one.fault.every ?? 1) === 0;
}
