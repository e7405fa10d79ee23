import { hash } from 'node:crypto';
import type { ApplicationPolicy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import type { Outcome } from '../../src/rotation/outcome.ts';
import type { Issuer, SecretStore, StoredSecret, StoreStanding, Verdict, Verifier } from '../../src/rotation/ports.ts';
import type { Amender, Amendment, OperatorRequest, Rotator } from '../../src/rotation/rotator.ts';
import type { IssuerSite, World } from '../../src/rotation/world.ts';
import type { Call, Data, Failure, Result } from './calls.ts';
import type { Heart } from './heart.ts';
import { placeOf, REGION } from './outside.ts';

/** What one replica is told to look after. */
export interface Charge {
  readonly replica: string;
  readonly owner: string;
  readonly applications: readonly ApplicationPolicy[];
  /** Issuer's name in the policy → instance. */
  readonly instances: Readonly<Record<string, string>>;
  /** Unix ms. */
  readonly policyLoadedAt: number;
  /** How long a list may be used again, ms. */
  readonly resyncMs: number;
  readonly endpoint: string;
  /** The instance's quota of credentials. */
  readonly quota: number;
  /** How far its clock is ahead of the world's, ms. */
  readonly aheadMs: number;
  /** What Vault and S3 say before an issue, where it is not as it should be, and why nothing could be published then. */
  readonly unfit?: Unfit;
}

export interface Unfit {
  readonly because: string;
  readonly standing?: Partial<StoreStanding>;
  readonly silent?: boolean;
}

/** Something that happens to a replica, as data: the same stimuli always lead to the same calls. `now`: Unix ms. */
export type Stimulus =
  | { readonly pass: string; readonly request?: OperatorRequest; readonly now: number }
  | { readonly amend: string; readonly amendment: Amendment; readonly now: number }
  | { readonly survey: true; readonly now: number }
  | { readonly answer: Result; readonly to: number; readonly now: number };

/** A call that waits for its answer, and which of this replica's calls it is. */
export interface Waiting {
  readonly call: Call;
  readonly nth: number;
}

const STANDING: StoreStanding = {
  mount: 'kv-v2',
  namespace: 'none',
  capabilities: new Set(['create', 'update', 'read', 'patch']),
  tokenTtlMs: Number.POSITIVE_INFINITY,
  lifetimeMs: Number.POSITIVE_INFINITY,
};

interface Open extends Waiting {
  readonly settle: (result: Result) => void;
}

/** The real heart of one process, with ports that wait for whoever moves it on. */
export class Replica {
  readonly #heart: Heart;
  readonly #charge: Charge;
  readonly #rotator;
  readonly #open: Open[] = [];
  readonly #free: ReadonlySet<Call['op']>;
  #calls = 0;
  #randoms = 0;
  #now = 0;
  /** Paths that the pass over them has written. */
  readonly #written = new Set<string>();
  /** Paths whose record is being amended: whatever is read there after a write is no mere reading back. */
  readonly #amended = new Set<string>();
  readonly #ended = new Map<string, Outcome>();
  #underWay = 0;
  #standing: Amendment | undefined;
  /** Everything that left it for people to read. */
  readonly told: string[] = [];

  /** `free`: calls that need no turn of their own. They are answered at once, as by a world in order. */
  constructor(heart: Heart, charge: Charge, free: ReadonlySet<Call['op']>) {
    this.#heart = heart;
    this.#charge = charge;
    this.#free = free;
    this.#rotator = heart.openRotator(this.#world());
  }

  get waiting(): readonly Waiting[] {
    return this.#open;
  }

  /** Whether a pass or a survey has not ended. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** The amendment that ended last, where a person was told that the record says so now. */
  get standing(): Amendment | undefined {
    return this.#standing;
  }

  /** How the last pass over an application ended, once it has. */
  ended(application: string): Outcome | undefined {
    return this.#ended.get(application);
  }

  /** Resolves when everything that follows has happened and only answers are waited for. */
  async feel(stimulus: Stimulus): Promise<void> {
    this.#now = stimulus.now + this.#charge.aheadMs;
    if ('pass' in stimulus) this.#begin(stimulus.pass, (rotator) => rotator.pass(stimulus.pass, stimulus.request));
    else if ('amend' in stimulus) this.#amend(stimulus.amend, stimulus.amendment);
    else if ('survey' in stimulus) this.#survey();
    else this.#answer(stimulus.to, stimulus.answer);
    await new Promise((resolve) => setImmediate(resolve));
  }

  #begin(application: string, set: (rotator: Rotator & Amender) => Promise<Outcome>): void {
    const path = this.#pathOf(application);
    this.#ended.delete(application);
    this.#written.delete(path);
    this.#amended.delete(path);
    this.#underWay += 1;
    this.#standing = undefined;
    void set(this.#rotator).then((outcome) => this.#end(outcome));
  }

  #amend(application: string, amendment: Amendment): void {
    this.#begin(application, async (rotator) => {
      this.#amended.add(this.#pathOf(application));
      const { outcome, stands } = await rotator.amend(application, amendment);
      if (stands) this.#standing = amendment;
      return outcome;
    });
  }

  #pathOf(application: string): string {
    return this.#charge.applications.find(({ name }) => name === application)?.path ?? '';
  }

  /** All applications are looked at, as at a resync. */
  #survey(): void {
    const names = this.#charge.applications.map(({ name }) => name);
    const pace = () => Promise.resolve();
    this.#underWay += 1;
    void this.#rotator.survey(names, pace).then((outcomes) => {
      this.#underWay -= 1;
      this.told.push(JSON.stringify(outcomes));
    });
  }

  #end(outcome: Outcome): void {
    this.#underWay -= 1;
    this.#ended.set(outcome.application, outcome);
    this.told.push(JSON.stringify(outcome));
  }

  #answer(nth: number, result: Result): void {
    const index = this.#open.findIndex((open) => open.nth === nth);
    const [open] = this.#open.splice(index, 1);
    open?.settle(result);
  }

  #ask<T>(call: Call, understand: (ok: never) => T): Promise<T> {
    if (this.#free.has(call.op)) return (async () => understand(null as never))();
    this.#calls += 1;
    const nth = this.#calls;
    return new Promise((resolve, reject) => {
      const settle = (result: Result): void => {
        if ('ok' in result) resolve(understand(result.ok as never));
        else reject(this.#failure(result.error));
      };
      this.#open.push({ call, nth, settle });
    });
  }

  #failure({ kind, code }: Failure): Error {
    const words = { attempted: 'call', reason: 'it went wrong on the way', remedy: 'Nothing to do.' };
    const concerns = kind === 'rejected' ? 'request' : 'server';
    return new this.#heart.PortError({ kind, code, concerns, ...words });
  }

  #world(): World {
    const { replica, owner, policyLoadedAt, endpoint, quota, resyncMs, ...charge } = this.#charge;
    const clock = {
      now: () => this.#now,
      sleep: (ms: number) => this.#ask({ op: 'sleep', until: this.#now - charge.aheadMs + ms }, () => undefined),
    };
    const issuers = Object.entries(charge.instances).map(([name, instance]) => this.#issuer(name, instance));
    const target = { endpoint, region: REGION };
    const sites = issuers.map((issuer): [string, IssuerSite] => [issuer.name, { issuer, target, quota }]);
    return {
      owner,
      replica,
      policyLoadedAt,
      applications: new Map(charge.applications.map((application) => [application.name, application])),
      sites: new Map(sites),
      lists: new this.#heart.Lists(new Map(issuers.map((one) => [one.instance, one])), clock, resyncMs),
      store: this.#store(),
      verifier: this.#verifier(),
      clock,
      random: (bytes) => this.#random(bytes),
      report: (event) => void this.told.push(JSON.stringify(event)),
    };
  }

  #random(bytes: number): string {
    this.#randoms += 1;
    return hash('sha256', `${this.#charge.replica} ${this.#randoms}`).slice(0, bytes * 2);
  }

  #issuer(name: string, instance: string): Issuer {
    return {
      name,
      instance,
      list: () =>
        this.#ask(
          { op: 'list', instance },
          (keys: readonly { id: string; accessKeyId: string; description: string }[]) =>
            keys.map((key) => ({ ...key, createdAt: undefined })),
        ),
      issue: (description) =>
        this.#ask(
          { op: 'issue', instance, description },
          (key: { id: string; accessKeyId: string; description: string; secretAccessKey: string }) => ({
            ...key,
            createdAt: undefined,
            secretAccessKey: new Secret(key.secretAccessKey),
          }),
        ),
      revoke: (id) => this.#ask({ op: 'revoke', instance, id }, () => undefined),
    };
  }

  #verifier(): Verifier {
    return {
      probe: ({ accessKeyId, secretAccessKey }, { endpoint }) =>
        this.#ask(
          { op: 'probe', accessKeyId, secretAccessKey: secretAccessKey.reveal(), endpoint },
          (said: Verdict) => said,
        ),
      reach: () =>
        this.#ask({ op: 'reach' }, () => {
          if (this.#charge.unfit?.silent) throw this.#failure({ kind: 'unavailable', code: 'unreachable' });
        }),
    };
  }

  #store(): SecretStore {
    return {
      place: (path) => this.#ask({ op: 'place', path }, () => placeOf(path)),
      read: (path) =>
        this.#ask(
          { op: this.#written.has(path) ? 'read-back' : 'read', path },
          (stored: StoredSecret & { data?: Data }) =>
            stored.data ? ({ ...stored, data: new Secret(stored.data) } as StoredSecret) : stored,
        ),
      write: (path, data, version) => {
        if (!this.#amended.has(path)) this.#written.add(path);
        return this.#ask(
          { op: 'write', path, data: data.reveal(), version },
          (written: { version: number }) => written,
        );
      },
      standing: (path) => this.#ask({ op: 'standing', path }, () => ({ ...STANDING, ...this.#charge.unfit?.standing })),
      annotate: (path) => this.#ask({ op: 'annotate', path }, () => undefined),
    };
  }
}
