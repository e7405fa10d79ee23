import { CredentialList } from './credential-list.ts';
import type { Problem } from './errors.ts';
import type { Bearer } from './marker.ts';
import type { Clock, Issuer } from './ports.ts';

/** A revocation that failed, or may not be yet: until when (Unix ms) it is not tried, and why. */
export interface PutOff {
  readonly until: number;
  readonly problem: Problem;
}

interface Revocation {
  /** When it was asked for and answered, in the order of reads and lists; 0: it failed. */
  readonly mark: number;
  readonly failures: number;
  readonly putOff?: PutOff;
}

/** A candidate that no list showed for so many ms is taken to be gone; sooner where its revocation may have been done. */
const LEFT_KNOWN_MS = 86_400_000;
const LEFT_UNCLEAR_MS = 3_600_000;

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** What a process must not forget while it lives, whatever becomes of its policy. */
class ListsMemory {
  marks = 0;
  readonly issues = new Map<string, Issues>();
  readonly revocations = new Map<string, Revocation>();
  readonly distrusted = new Map<string, Problem>();
  /** By application and credential id. */
  readonly left = new Map<string, Map<string, Left>>();
}

/** A candidate that was left behind. */
interface Left {
  /** Unix ms. */
  readonly at: number;
  /** Its revocation was asked for, and nobody knows how that ended. */
  readonly mayBeGone: boolean;
}

/** Issues on one instance: how many are under way, and the marks at which others ended, in their order. */
interface Issues {
  underWay: number;
  ended: number[];
}

function keyOf(instance: string, credentialId: string): string {
  return `${instance} ${credentialId}`;
}

/**
 * The instances' lists, shared. A list serves every application whose record was read before the list was asked for:
 * `mark()` before reading a record, then `after(instance, mark)`. A list grows with its instance, so one list per
 * application would be quadratic.
 */
export class Lists {
  readonly #issuers: ReadonlyMap<string, Issuer>;
  readonly #clock: Clock;
  readonly #validMs: number;
  readonly #memory: ListsMemory;
  readonly #latest = new Map<string, CredentialList>();
  /** The mark of each instance's newest list, whatever became of that. */
  readonly #newest = new Map<string, number>();
  readonly #underway = new Map<string, { readonly mark: number; readonly list: Promise<CredentialList> }>();

  /**
   * `issuers` by instance; `validMs`: how long a list may be used (the resync). `before`: the lists under an earlier
   * policy of this process, whose last passes may still end; both remember everything but the lists themselves together.
   */
  constructor(issuers: ReadonlyMap<string, Issuer>, clock: Clock, validMs: number, before?: Lists) {
    this.#issuers = issuers;
    this.#clock = clock;
    this.#validMs = validMs;
    this.#memory = before ? before.#memory : new ListsMemory();
  }

  knows(instance: string): boolean {
    return this.#issuers.has(instance);
  }

  issuerOf(instance: string): Issuer | undefined {
    return this.#issuers.get(instance);
  }

  /** A point in the order of reads and lists: what is marked later was asked for later. */
  mark(): number {
    this.#memory.marks += 1;
    return this.#memory.marks;
  }

  /** The newest list that was asked for after `mark` and is still valid, without asking. */
  valid(instance: string, mark: number): CredentialList | undefined {
    const latest = this.#latest.get(instance);
    if (!latest || latest.mark <= mark) return undefined;
    const age = this.#clock.now() - latest.askedAt;
    return age >= 0 && age <= this.#validMs ? latest : undefined;
  }

  /** A list that was asked for after `mark`. Callers that wait at the same time share one. Throws `PortError`. */
  async after(instance: string, mark: number): Promise<CredentialList> {
    const valid = this.valid(instance, mark);
    if (valid) return valid;
    const underway = this.#underway.get(instance);
    if (underway && underway.mark > mark) return underway.list;
    return this.#ask(instance);
  }

  /** The newest list, unless it can serve nobody any more. */
  latest(instance: string): CredentialList | undefined {
    return this.#latest.get(instance);
  }

  /** The instances whose newest list shows credentials of this application and place. */
  showing(bearer: Bearer): readonly string[] {
    return [...this.#latest].filter(([, list]) => list.of(bearer).length > 0).map(([instance]) => instance);
  }

  /** Call before an issue, and the returned function when it has ended, however it ended. */
  issuing(instance: string): () => void {
    const issues = this.#memory.issues.get(instance) ?? { underWay: 0, ended: [] };
    this.#memory.issues.set(instance, issues);
    issues.underWay += 1;
    return () => {
      issues.underWay -= 1;
      issues.ended.push(this.mark());
    };
  }

  /** How many credentials this process may have issued there that the list cannot show yet. */
  issuedSince(list: CredentialList): number {
    const { underWay, ended } = this.#memory.issues.get(list.instance) ?? { underWay: 0, ended: [] };
    return underWay + ended.length - endedBy(ended, list.mark);
  }

  /** Remembers that a revocation was asked for, so that it is not asked again before a later list. Settles nothing. */
  noteRevoked(instance: string, credentialId: string): void {
    this.#memory.revocations.set(keyOf(instance, credentialId), { mark: this.mark(), failures: 0 });
  }

  /** Remembers that a revocation failed: it is put off for a growing while, and everything else goes on. */
  noteNotRevoked(instance: string, credentialId: string, problem: Problem): void {
    const before = this.#memory.revocations.get(keyOf(instance, credentialId));
    const failures = (before?.failures ?? 0) + 1;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    const putOff = { until: this.#clock.now() + pause, problem: { ...problem, code: 'revocation-failed' } };
    this.#memory.revocations.set(keyOf(instance, credentialId), { mark: 0, failures, putOff });
  }

  /** Remembers that an old key stands in a secret: whoever reads it there needs a grace from when it is out again. */
  noteUsed(instance: string, credentialId: string, putOff: PutOff): void {
    const key = keyOf(instance, credentialId);
    this.#memory.revocations.set(key, { mark: 0, failures: this.#memory.revocations.get(key)?.failures ?? 0, putOff });
  }

  wasRevokedSince(list: CredentialList, credentialId: string): boolean {
    return (this.#memory.revocations.get(keyOf(list.instance, credentialId))?.mark ?? 0) > list.mark;
  }

  /** Until when (Unix ms) and why a revocation that failed is put off. */
  putOff(instance: string, credentialId: string): PutOff | undefined {
    return this.#memory.revocations.get(keyOf(instance, credentialId))?.putOff;
  }

  /**
   * Remembers a candidate that was left behind, until a list shows it. `mayBeGone`: its revocation was asked for, and
   * nobody knows how that ended.
   */
  noteLeft(application: string, credentialId: string, mayBeGone = false): void {
    const left = this.#memory.left.get(application) ?? new Map<string, Left>();
    this.#memory.left.set(application, left.set(credentialId, { at: this.#clock.now(), mayBeGone }));
  }

  /** How many candidates of this process were left behind lately that the list does not show. */
  leftAndHidden(list: CredentialList, application: string): number {
    const left = this.#memory.left.get(application);
    for (const [id, { at, mayBeGone }] of left ?? []) {
      const known = mayBeGone ? LEFT_UNCLEAR_MS : LEFT_KNOWN_MS;
      if (list.byId(id)?.marker || this.#clock.now() - at > known) left?.delete(id);
    }
    return left?.size ?? 0;
  }

  /** Stops issuing there for the life of this process: what comes back cannot be recognised. */
  distrust(instance: string, problem: Problem): void {
    this.#memory.distrusted.set(instance, problem);
  }

  distrusted(instance: string): Problem | undefined {
    return this.#memory.distrusted.get(instance);
  }

  async #ask(instance: string): Promise<CredentialList> {
    const issuer = this.#issuers.get(instance);
    if (!issuer) throw new Error(`no issuer of the policy names the instance ${instance}`);
    const mark = this.mark();
    const askedAt = this.#clock.now();
    const list = issuer.list().then((credentials) => CredentialList.inSlices(instance, mark, askedAt, credentials));
    this.#underway.set(instance, { mark, list });
    try {
      const seen = await list;
      this.#keep(seen);
      return seen;
    } finally {
      if (this.#underway.get(instance)?.mark === mark) this.#underway.delete(instance);
    }
  }

  #keep(list: CredentialList): void {
    if ((this.#newest.get(list.instance) ?? 0) > list.mark) return;
    this.#newest.set(list.instance, list.mark);
    this.#forgetOutdated();
    this.#latest.set(list.instance, list);
    const issues = this.#memory.issues.get(list.instance);
    issues?.ended.splice(0, endedBy(issues.ended, list.mark));
    this.#forgetRevocations(list);
  }

  /** Where the looks are far apart, most lists wait for nobody: of 100,000 credentials they take 50 MB. */
  #forgetOutdated(): void {
    const now = this.#clock.now();
    for (const [instance, { askedAt }] of this.#latest) {
      if (now - askedAt > this.#validMs) this.#latest.delete(instance);
    }
  }

  /** A credential that a later list lacks needs no memory. */
  #forgetRevocations(list: CredentialList): void {
    const prefix = keyOf(list.instance, '');
    for (const [key, { mark }] of this.#memory.revocations) {
      const isGone = key.startsWith(prefix) && !list.byId(key.slice(prefix.length));
      if (isGone && mark < list.mark) this.#memory.revocations.delete(key);
    }
  }
}

/** How many of these marks, in their order, are not after `mark`: asked for each issue, so by halving. */
function endedBy(marks: readonly number[], mark: number): number {
  let [from, to] = [0, marks.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((marks[middle] ?? 0) <= mark) from = middle + 1;
    else to = middle;
  }
  return from;
}
