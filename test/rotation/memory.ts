import type { ApplicationPolicy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import { PortError } from '../../src/rotation/errors.ts';
import type { RotationEvent } from '../../src/rotation/events.ts';
import { Lists } from '../../src/rotation/lists.ts';
import { openRotator } from '../../src/rotation/pass.ts';
import type {
  Clock,
  IssuedCredential,
  Issuer,
  ListedCredential,
  SecretData,
  SecretStore,
  StoredSecret,
  StoreStanding,
  Verdict,
  Verifier,
} from '../../src/rotation/ports.ts';
import { type RotationRecord, readRecord } from '../../src/rotation/record.ts';
import type { World } from '../../src/rotation/world.ts';
import { applicationOf, DAY, INSTANCE, NOW, PLACE, TARGET } from './scene.ts';

export const PATH = 'apps/billing/s3';
export const RESYNC_MS = 300_000;

/** Time that stands still until a test moves it; whoever sleeps moves it too. */
export class StillClock implements Clock {
  #now: number;
  readonly slept: number[] = [];

  constructor(start = NOW) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.#now += ms;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

type Version = Extract<StoredSecret, { state: 'present' }> & { readonly isDeleted?: boolean };
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A failure of a port, as an adapter would throw it. */
export function failure(kind: PortError['kind'], code: string, more: { retryAfterMs?: number } = {}): PortError {
  const words = { attempted: 'do it', reason: `it is ${code}`, remedy: 'mend it' };
  return new PortError({ kind, code, ...words, concerns: 'server', ...more });
}

/** One instance of an issuer. Its methods may be replaced by a test. */
export class MemoryIssuer implements Writable<Issuer> {
  readonly name: string;
  readonly instance: string;
  readonly made = new Map<string, IssuedCredential>();
  readonly revoked: string[] = [];
  lists = 0;

  constructor(name: string, instance: string) {
    this.name = name;
    this.instance = instance;
  }

  issue = async (description: string): Promise<IssuedCredential> => this.make(description);

  list = async (): Promise<readonly ListedCredential[]> => {
    this.lists += 1;
    return [...this.made.values()];
  };

  revoke = async (id: string): Promise<void> => {
    this.revoked.push(id);
    this.made.delete(id);
  };

  make(description: string, id = `id-${this.made.size + this.revoked.length + 1}`): IssuedCredential {
    const key = id.replace('id-', `AK-${this.instance}-`);
    const secretAccessKey = new Secret(`secret of ${key}`);
    const made = { id, accessKeyId: key, description, createdAt: undefined, secretAccessKey };
    this.made.set(id, made);
    return made;
  }
}

/** Vault, issuers and S3 without a wire: whatever a port can say, in any order, at once. */
export class Memory {
  readonly clock = new StillClock();
  readonly events: RotationEvent[] = [];
  readonly versions: Version[] = [];
  readonly annotations: Readonly<Record<string, string>>[] = [];
  readonly issuer = new MemoryIssuer('sto1', INSTANCE);
  readonly other = new MemoryIssuer('old', 'os-old');
  place = PLACE;
  /** How far Vault's clock is ahead of ours, in ms. */
  ahead = 0;
  lifetimeMs: number | undefined = Number.POSITIVE_INFINITY;
  standing: Partial<StoreStanding> = {};
  /** S3's answer where it is not by what is alive. */
  verdict: Verdict | PortError | undefined;
  probes = 0;

  readonly store: Writable<SecretStore> = {
    place: async () => this.place,
    read: async () => this.#newest(),
    write: async (_, data, version) => {
      if (version !== this.versions.length) throw failure('rejected', 'conflict');
      this.put(data.reveal());
      const { expiresAt } = this.versions.at(-1) ?? {};
      return expiresAt === undefined ? { version: version + 1 } : { version: version + 1, expiresAt };
    },
    standing: async () => ({
      mount: 'kv-v2',
      namespace: 'none',
      capabilities: new Set(['create', 'update']),
      tokenTtlMs: Number.POSITIVE_INFINITY,
      lifetimeMs: this.lifetimeMs,
      ...this.standing,
    }),
    annotate: async (_, values) => void this.annotations.push(values),
  };

  readonly verifier: Writable<Verifier> = {
    reach: async () => {},
    probe: async ({ accessKeyId, secretAccessKey }) => {
      this.probes += 1;
      if (this.verdict instanceof PortError) throw this.verdict;
      if (this.verdict) return this.verdict;
      const alive = [...this.issuer.made.values(), ...this.other.made.values()];
      const found = alive.find((credential) => credential.accessKeyId === accessKeyId);
      const accepted = found?.secretAccessKey.reveal() === secretAccessKey.reveal();
      return accepted ? { accepted } : { accepted: false, why: 'unknown-key', detail: 'InvalidAccessKeyId' };
    },
  };

  /** One process, with its own memory. */
  replica(more: Partial<ApplicationPolicy> = {}, of: Partial<World> = {}) {
    const issuers = [this.issuer, this.other];
    const world: World = {
      owner: 'acme',
      replica: 'replica-1',
      applications: new Map([['billing', applicationOf(more)]]),
      sites: new Map(issuers.map((issuer) => [issuer.name, { issuer, target: TARGET, quota: 200 }])),
      lists: new Lists(new Map(issuers.map((issuer) => [issuer.instance, issuer])), this.clock, RESYNC_MS),
      store: this.store,
      verifier: this.verifier,
      clock: this.clock,
      random: (bytes) => 'ab'.repeat(bytes),
      report: (event) => this.events.push(event),
      policyLoadedAt: this.clock.now(),
      ...of,
    };
    const rotator = openRotator(world);
    return { world, rotator, pass: (request?: Parameters<typeof rotator.pass>[1]) => rotator.pass('billing', request) };
  }

  /** A new version, as anybody may write it. */
  put(data: SecretData): void {
    const serverTime = this.clock.now() + this.ahead;
    const expires = this.lifetimeMs !== undefined && Number.isFinite(this.lifetimeMs);
    this.versions.push({
      state: 'present',
      version: this.versions.length + 1,
      serverTime,
      createdAt: serverTime,
      data: new Secret(data),
      ...(expires && { expiresAt: serverTime + (this.lifetimeMs ?? 0) }),
    });
  }

  get secret(): SecretData {
    return this.versions.at(-1)?.data.reveal() ?? {};
  }

  get record(): RotationRecord {
    const reading = readRecord(this.secret);
    if (reading.state !== 'record') throw new Error(`no record: ${reading.state}`);
    return reading.record;
  }

  get live(): readonly string[] {
    return [...this.issuer.made.keys()];
  }

  told(name: string): readonly RotationEvent[] {
    return this.events.filter(({ event }) => event === name);
  }

  #newest(): StoredSecret {
    const serverTime = this.clock.now() + this.ahead;
    const newest = this.versions.at(-1);
    if (!newest) return { state: 'absent', version: 0, serverTime };
    const { version, expiresAt } = newest;
    if (expiresAt !== undefined && expiresAt <= serverTime) return { state: 'expired', version, serverTime };
    return { ...newest, serverTime };
  }
}

/** A world in which `billing` got its first credential a while ago. */
export async function settled(more: Partial<ApplicationPolicy> = {}) {
  const memory = new Memory();
  const replica = memory.replica(more);
  await replica.pass();
  memory.events.length = 0;
  memory.clock.advance(DAY);
  return { memory, replica };
}

export const ASKED = { rotate: true, despite: [] };
