import { seeded } from './seeded.ts';

/** What happens to one request on its way. A `status` of 429 promises that nothing was done, so it has no `after`. */
export type Fault =
  | { readonly kind: 'pass' }
  /** The connection is cut before the request is delivered. */
  | { readonly kind: 'drop-before' }
  /** Delivered; the answer is never sent. */
  | { readonly kind: 'drop-after' }
  /** Delivered; half of the answer's body is sent, then the connection is cut. */
  | { readonly kind: 'cut' }
  /** Held for `ms`, longer than the caller waits, and delivered then. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answered by the proxy, not delivered. */
  | { readonly kind: 'status'; readonly status: 429 | 500 | 502 | 503 | 504 }
  /** Delivered, and then answered by the proxy. */
  | { readonly kind: 'status-after'; readonly status: 500 | 502 | 503 | 504 };

/** What a fault is counted as, each status apart: `cut`, `status 429`, `status-after 503`. */
export function nameOf(fault: Fault): string {
  return 'status' in fault ? `${fault.kind} ${fault.status}` : fault.kind;
}

export interface Weighted {
  readonly fault: Fault;
  readonly weight: number;
}

/** Everything that a network does but delays, which are for whoever has the time to wait for them. */
export const EVERYTHING: readonly Weighted[] = [
  { fault: { kind: 'drop-before' }, weight: 2 },
  { fault: { kind: 'drop-after' }, weight: 4 },
  { fault: { kind: 'cut' }, weight: 4 },
  { fault: { kind: 'status', status: 429 }, weight: 2 },
  ...([500, 502, 503, 504] as const).flatMap((status): Weighted[] => [
    { fault: { kind: 'status', status }, weight: 1 },
    { fault: { kind: 'status-after', status }, weight: 1 },
  ]),
];

/** Longer than rekeyd waits for an answer of each server, in ms. */
const TOO_LATE = { glesys: 46_000, vault: 31_000, s3: 16_000 } as const;
export type Way = keyof typeof TOO_LATE;
/** The ways that rekeyd goes. */
export const WAYS = Object.keys(TOO_LATE) as readonly Way[];

/** The same with what comes too late on the way to a server. */
export function withDelays(way: Way): readonly Weighted[] {
  return [...EVERYTHING, { fault: { kind: 'delay', ms: TOO_LATE[way] }, weight: 1 }];
}

/** Which requests a scripted fault is for: all of them where nothing is said. */
export interface Match {
  readonly method?: string;
  /** How the path, with its query, begins. */
  readonly path?: string;
}

interface Scripted {
  readonly match: Match;
  readonly fault: Fault;
  left: number;
}

interface Weather {
  /** 0 to 1: how many of the requests are struck. */
  readonly share: number;
  readonly faults: readonly Weighted[];
  readonly random: () => number;
}

/** Says of each request what happens to it: what was scripted for it, or what chance has in store. */
export class FaultPlan {
  readonly #scripted: Scripted[] = [];
  #weather: Weather | undefined;

  /** The next `times` requests that match meet this fault. */
  script(match: Match, fault: Fault, times = 1): void {
    this.#scripted.push({ match, fault, left: times });
  }

  /** From now on a share of all requests, the same ones for the same seed and order, meets one of these. */
  disturb(share: number, seed: string, faults: readonly Weighted[] = EVERYTHING): void {
    this.#weather = { share, faults, random: seeded(seed) };
  }

  /** From now on everything passes. */
  calm(): void {
    this.#scripted.length = 0;
    this.#weather = undefined;
  }

  strike(method: string, path: string): Fault {
    const scripted = this.#scripted.find(({ match, left }) => left > 0 && isMatch(match, method, path));
    if (scripted) {
      scripted.left -= 1;
      return scripted.fault;
    }
    const { share, faults, random } = this.#weather ?? { share: 0, faults: [], random: () => 1 };
    return random() < share ? pick(faults, random) : { kind: 'pass' };
  }
}

function isMatch({ method, path = '' }: Match, asked: string, target: string): boolean {
  return (method === undefined || method === asked) && target.startsWith(path);
}

function pick(faults: readonly Weighted[], random: () => number): Fault {
  let left = random() * faults.reduce((sum, { weight }) => sum + weight, 0);
  for (const { fault, weight } of faults) {
    left -= weight;
    if (left < 0) return fault;
  }
  return { kind: 'pass' };
}
