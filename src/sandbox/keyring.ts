import type { Clock, RandomHex } from '../rotation/ports.ts';

/** A pair as the service that makes it sees it: in the clear. */
export interface RingKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Where the keys are that the GleSYS stand-in hands out and S3 accepts. A real S3 server's IAM can be one. */
export interface KeyRing {
  create(): Promise<RingKey>;
  /** A key that is not there is no error. */
  remove(accessKeyId: string): Promise<void>;
  /** `undefined`: no such key, or it does not work yet. */
  secretOf(accessKeyId: string): Promise<string | undefined>;
}

/** Keys in memory, shared by the GleSYS and the S3 stand-in. */
export class MemoryKeyRing implements KeyRing {
  /** How long a key that is created from now on takes to become known to S3; Infinity: it never does. */
  worksAfterMs = 0;
  readonly #clock: Clock;
  readonly #random: RandomHex;
  readonly #keys = new Map<string, { readonly secret: string; readonly worksAt: number }>();

  constructor(clock: Clock, random: RandomHex) {
    this.#clock = clock;
    this.#random = random;
  }

  async create(): Promise<RingKey> {
    const key = { accessKeyId: this.#random(10).toUpperCase(), secretAccessKey: this.#random(20) };
    // Without a wait it works whatever becomes of the clock.
    const worksAt = this.worksAfterMs === 0 ? Number.NEGATIVE_INFINITY : this.#clock.now() + this.worksAfterMs;
    this.#keys.set(key.accessKeyId, { secret: key.secretAccessKey, worksAt });
    return key;
  }

  async remove(accessKeyId: string): Promise<void> {
    this.#keys.delete(accessKeyId);
  }

  async secretOf(accessKeyId: string): Promise<string | undefined> {
    const key = this.#keys.get(accessKeyId);
    return key !== undefined && key.worksAt <= this.#clock.now() ? key.secret : undefined;
  }
}
