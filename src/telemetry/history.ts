import type { RotationEvent } from '../rotation/events.ts';

/**
 * - `candidate`: issued, and not published yet or never.
 * - `current`: what Vault holds.
 * - `superseded`: it still lives, until `revokeAt`.
 * - `revoked`: gone.
 */
export const GENERATION_FATES = ['candidate', 'current', 'superseded', 'revoked'] as const;
export type GenerationFate = (typeof GENERATION_FATES)[number];

/** One credential of an application as far as it is known. Times are Unix ms. Nothing secret in it. */
export interface Generation {
  readonly accessKeyId: string;
  generation?: number;
  issuedAt?: number;
  verifiedAt?: number;
  publishedAt?: number;
  supersededAt?: number;
  /** null: only a person revokes it. */
  revokeAt?: number | null;
  revokedAt?: number;
}

/** Something that went wrong, at `at` (Unix ms). */
export interface Incident {
  readonly at: number;
  readonly event: string;
  readonly code?: string;
  readonly reason?: string;
}

interface Past {
  readonly generations: Generation[];
  readonly incidents: Incident[];
}

export interface HistoryLimits {
  readonly generations: number;
  readonly incidents: number;
  /** Applications that something is remembered of; what changed longest ago is forgotten first. */
  readonly applications: number;
}

/** Some 20 MB when full. */
const LIMITS: HistoryLimits = { generations: 6, incidents: 4, applications: 10_000 };

type Note = (generation: Generation, event: RotationEvent, now: number) => void;

/** What the events of a credential say of it. */
const NOTES: Readonly<Partial<Record<RotationEvent['event'], Note>>> = {
  'credential.issued': (one, _event, now) => {
    one.issuedAt = now;
  },
  'credential.verified': (one, _event, now) => {
    one.verifiedAt = now;
  },
  'credential.published': (one, _event, now) => {
    one.publishedAt = now;
  },
  'credential.adopted': (one, _event, now) => {
    one.publishedAt = now;
  },
  'credential.superseded': (one, { revokeAt }, now) => {
    one.supersededAt = now;
    if (revokeAt !== undefined) one.revokeAt = revokeAt;
  },
  'credential.revoked': (one, _event, now) => {
    one.revokedAt = now;
  },
  'candidate.revoked': (one, _event, now) => {
    one.revokedAt = now;
  },
};

const INCIDENTS: ReadonlySet<RotationEvent['event']> = new Set([
  'rotation.failed',
  'rotation.blocked',
  'application.refused',
  'credential.gone',
  'read_back.differs',
  'revocation.failed',
  'pass.failed',
  'application.recovered',
]);

/**
 * What this process saw of each application's generations: a few each, and of a bounded number of applications. Filled
 * by events; what nobody rotates takes no memory.
 */
export class History {
  readonly since: number;
  readonly #limits: HistoryLimits;
  readonly #pasts = new Map<string, Past>();

  /** `since`: when watching began (Unix ms). */
  constructor(since: number, limits: Partial<HistoryLimits> = {}) {
    this.since = since;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Takes an event that happened at `now` (Unix ms). */
  follow(event: RotationEvent, now: number): void {
    const note = NOTES[event.event];
    if (note && event.accessKeyId !== undefined) {
      note(this.#generation(event.application, event.accessKeyId, event.generation), event, now);
    }
    if (INCIDENTS.has(event.event)) this.#noteIncident(event, now);
  }

  /** Newest first. */
  generations(application: string): readonly Generation[] {
    return this.#pasts.get(application)?.generations.toReversed() ?? [];
  }

  /** Newest first. */
  incidents(application: string): readonly Incident[] {
    return this.#pasts.get(application)?.incidents.toReversed() ?? [];
  }

  #generation(application: string, accessKeyId: string, generation: number | undefined): Generation {
    const { generations } = this.#past(application);
    const known = generations.find((one) => one.accessKeyId === accessKeyId);
    const one: Generation = known ?? { accessKeyId };
    if (generation !== undefined) one.generation ??= generation;
    if (known) return known;
    insert(generations, one);
    if (generations.length > this.#limits.generations) generations.shift();
    return one;
  }

  #noteIncident({ application, event, code, reason }: RotationEvent, now: number): void {
    const { incidents } = this.#past(application);
    const last = incidents.at(-1);
    // what fails the same way again and again is one thing, and shows when it was seen last
    if (last?.event === event && last.code === code) incidents.pop();
    incidents.push({ at: now, event, ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) });
    if (incidents.length > this.#limits.incidents) incidents.shift();
  }

  /** The application's, as the one that changed last. */
  #past(application: string): Past {
    const past = this.#pasts.get(application) ?? { generations: [], incidents: [] };
    this.#pasts.delete(application);
    this.#pasts.set(application, past);
    if (this.#pasts.size > this.#limits.applications) this.#forgetOldest();
    return past;
  }

  #forgetOldest(): void {
    const [oldest] = this.#pasts.keys();
    if (oldest !== undefined) this.#pasts.delete(oldest);
  }
}

/** Oldest generation first; one that is first heard of when it is superseded belongs before its successor. */
function insert(generations: Generation[], one: Generation): void {
  const number = one.generation ?? 0;
  const at = generations.findIndex((other) => number > 0 && (other.generation ?? 0) > number);
  generations.splice(at === -1 ? generations.length : at, 0, one);
}
