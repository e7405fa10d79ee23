/**
 * Who counts as one client: an IPv4 address, or the /64 of an IPv6 address, all of which one network may use. Missing:
 * whoever asked has left already.
 */
export function clientOf(ip: string | undefined): string {
  if (ip === undefined) return 'gone';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !ip.includes(':')) return mapped ?? ip;
  const [head = [], tail = []] = ip.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`;
}

/** So many at once, and so many more per second. */
export interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** What one client address may ask for. */
export interface Allowances {
  readonly read: Allowance;
  /** Changes, and tries with a wrong token. */
  readonly write: Allowance;
}

export const ALLOWANCES: Allowances = {
  read: { burst: 300, perSecond: 50 },
  write: { burst: 20, perSecond: 1 },
};

interface Bucket {
  left: number;
  at: number;
}

/** Addresses remembered at most; who was not heard of for longest is forgotten, and starts anew with a full bucket. */
const MOST_CLIENTS = 10_000;

/** A token bucket per client. By a clock that nobody sets, in ms. */
export class RateLimit {
  readonly #allowance: Allowance;
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(allowance: Allowance, clock: () => number = () => performance.now()) {
    this.#allowance = allowance;
    this.#clock = clock;
  }

  /** Takes one for a client. Returns 0, or the seconds after which there is one again. */
  take(client: string): number {
    const bucket = this.#bucket(client);
    if (bucket.left >= 1) {
      bucket.left -= 1;
      return 0;
    }
    return Math.ceil((1 - bucket.left) / this.#allowance.perSecond);
  }

  /** The same without taking. */
  wait(client: string): number {
    const { left } = this.#bucket(client);
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.#allowance.perSecond);
  }

  #bucket(client: string): Bucket {
    const { burst, perSecond } = this.#allowance;
    const now = this.#clock();
    const before = this.#buckets.get(client) ?? { left: burst, at: now };
    const bucket = { left: Math.min(burst, before.left + ((now - before.at) / 1_000) * perSecond), at: now };
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_CLIENTS && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
