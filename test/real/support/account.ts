import { parseMarker } from '../../../src/rotation/marker.ts';
import type { GlesysAccount, MadeCredential } from '../../../src/sandbox/glesys-account.ts';
import { poll } from '../../support/poll.ts';
import { changedOf, foreignDescriptions, plantForeign, type S3Address } from './foreign.ts';
import { type Found, findRecord, type PathOf, pathOf, type Teller } from './record.ts';
import type { ConsumerFailure, S3Consumer } from './s3-consumer.ts';
import { INSTANCE, OWNER, type Site } from './setting.ts';

/** What a scenario is about: where it happens, and whose applications. */
interface AccountScope {
  /** Of the scenario, for what is printed. */
  readonly name: string;
  readonly vault: Teller;
  readonly glesys: GlesysAccount;
  readonly instance: string;
  readonly s3: S3Address;
  readonly owner: string;
  readonly applications: readonly string[];
  readonly path: PathOf;
}

/** What a scenario ends with. What must be nothing: `refusals`, `failures`, `strays`, `dead`, `foreignChanged`. */
export interface Figures {
  readonly rotations: number;
  readonly kills: number;
  readonly requests: number;
  /** Times that S3 refused a consumer. */
  readonly refusals: number;
  /** Times that a consumer which had worked came to nothing otherwise: without a key, or at a wrong endpoint. */
  readonly failures: number;
  /** Live credentials of ours besides each record's current one. */
  readonly strays: number;
  /** Records whose current credential does not live. */
  readonly dead: number;
  readonly foreign: number;
  readonly foreignChanged: number;
  /** What else a scenario counts. */
  readonly more: Readonly<Record<string, number>>;
}

/**
 * Plants credentials that nobody may touch in the setting's one instance, and begins to count. `name`: of the scenario,
 * for what is printed.
 */
export async function openAccount(
  setting: Site,
  name: string,
  applications: readonly string[],
  path: PathOf = pathOf,
): Promise<Account> {
  const { vault, s3 } = setting;
  const glesys = setting.glesys.account;
  const descriptions = foreignDescriptions(OWNER, applications[0] ?? '');
  const scope = { name, vault, glesys, instance: INSTANCE, s3, owner: OWNER, applications, path };
  const account = new Account(scope, await plantForeign(glesys, INSTANCE, descriptions));
  await account.begin();
  return account;
}

/** The books of one scenario. */
export class Account {
  kills = 0;
  readonly more: Record<string, number> = {};
  readonly #scope: AccountScope;
  readonly #planted: readonly MadeCredential[];
  readonly #consumers: S3Consumer[] = [];
  #generationsBefore = 0;

  constructor(scope: AccountScope, planted: readonly MadeCredential[]) {
    this.#scope = scope;
    this.#planted = planted;
  }

  get consumers(): readonly S3Consumer[] {
    return this.#consumers;
  }

  /** Whether a key is one that nobody may touch. */
  isPlanted(accessKeyId: string): boolean {
    return this.#planted.some((one) => one.accessKeyId === accessKeyId);
  }

  watch(...consumers: readonly S3Consumer[]): void {
    this.#consumers.push(...consumers);
  }

  /** Rotations count from here. */
  async begin(): Promise<void> {
    this.#generationsBefore = await this.#generations(0);
  }

  /** Since `begin`. Throws where a record cannot be read. */
  async rotations(): Promise<number> {
    return (await this.#generations()) - this.#generationsBefore;
  }

  /** Credentials of ours that live beside the current ones, in their grace or as strays. */
  async strays(): Promise<readonly MadeCredential[]> {
    const current = await this.#current();
    return this.#ours().filter(({ id }) => !current.has(id));
  }

  /** Waits until nothing of ours lives but the current credentials. */
  async settled(timeoutMs: number): Promise<void> {
    await poll('no stray or superseded credential to be left', timeoutMs, async () =>
      (await this.strays()).length === 0 ? true : undefined,
    );
  }

  async figures(): Promise<Figures> {
    const { glesys, instance, s3 } = this.#scope;
    const live = new Set(this.#ours().map(({ id }) => id));
    const current = await this.#current();
    const changed = await changedOf(this.#planted, glesys, instance, s3);
    return {
      rotations: await this.rotations(),
      kills: this.kills,
      ...countsOf(this.#consumers),
      strays: (await this.strays()).length,
      dead: [...current].filter((id) => !live.has(id)).length,
      foreign: this.#planted.length,
      foreignChanged: changed.length,
      more: this.more,
    };
  }

  /**
   * Ends the consumers, prints the figures as one line, and fails where anything is wrong with them. `youngStrays`: how
   * many there may be that nobody may enter yet.
   */
  async close({ youngStrays = 0 } = {}): Promise<Figures> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    const figures = await this.figures();
    process.stdout.write(`${lineOf(this.#scope.name, figures)}\n`);
    expectClean({ ...figures, strays: Math.max(0, figures.strays - youngStrays) }, this.#consumers);
    return figures;
  }

  #ours(): readonly MadeCredential[] {
    const { glesys, instance, owner, applications } = this.#scope;
    const planted = new Set(this.#planted.map(({ id }) => id));
    return glesys.credentials(instance).filter(({ id, description }) => {
      const marker = parseMarker(description);
      return !planted.has(id) && marker?.owner === owner && applications.includes(marker.application);
    });
  }

  /** Ids of the current credentials. */
  async #current(): Promise<ReadonlySet<string>> {
    const found = await Promise.all(this.#scope.applications.map((name) => this.#find(name)));
    return new Set(found.flatMap(({ record }) => record.credential?.id ?? []));
  }

  /** The sum of all generations; `ifNone` stands for a path without a record. */
  async #generations(ifNone?: number): Promise<number> {
    const { vault, applications, path } = this.#scope;
    const found = await Promise.all(
      applications.map(async (name) => {
        if (ifNone === undefined) return (await this.#find(name)).record.generation;
        return findRecord(vault, name, path).then(
          (found) => found.record.generation,
          () => ifNone,
        );
      }),
    );
    return found.reduce((sum, generation) => sum + generation, 0);
  }

  /** A cluster may be electing a leader just then. */
  #find(name: string): Promise<Found> {
    const { vault, path } = this.#scope;
    return poll(`the record of ${name}`, 60_000, () => findRecord(vault, name, path));
  }
}

export function countsOf(consumers: readonly S3Consumer[]): Pick<Figures, 'requests' | 'refusals' | 'failures'> {
  const sum = (count: (consumer: S3Consumer) => number): number => consumers.reduce((all, one) => all + count(one), 0);
  return {
    requests: sum(({ requests }) => requests),
    refusals: sum(({ refusals }) => refusals.length),
    failures: sum(({ losses }) => losses.length),
  };
}

/** One line for a person: `kill: 512 rotations, 104 kills, …`. */
export function lineOf(name: string, figures: Figures): string {
  const { rotations, kills, requests, refusals, failures, strays, dead, foreign, foreignChanged, more } = figures;
  const parts = [
    `${rotations} rotations`,
    `${kills} kills`,
    `${requests} consumer requests`,
    `${refusals} refusals`,
    `${failures} failures`,
    `${strays} strays left`,
    `${dead} dead secrets`,
    `${foreignChanged} of ${foreign} foreign keys changed`,
    ...Object.entries(more).map(([what, count]) => `${count} ${what}`),
  ];
  return `${name}: ${parts.join(', ')}`;
}

const WRONG = ['refusals', 'failures', 'strays', 'dead', 'foreignChanged'] as const;

/** Fails, with everything that is wrong, unless nobody lost access, nothing of ours is left and nothing foreign changed. */
export function expectClean(figures: Figures, consumers: readonly S3Consumer[] = []): void {
  const wrong = WRONG.filter((what) => figures[what] !== 0);
  const idle = consumers.filter(({ successes }) => successes === 0).map(({ name }) => name);
  if (wrong.length === 0 && idle.length === 0 && figures.rotations > 0) return;
  const lines = [
    ...wrong.map((what) => `${figures[what]} ${what}`),
    ...(figures.rotations > 0 ? [] : ['no rotation at all']),
    ...idle.map((name) => `the consumer ${name} never got an answer`),
    ...consumers.flatMap(({ name, refusals }) => refusals.map((one) => lineOfFailure(name, 'was refused', one))),
    ...consumers.flatMap(({ name, losses }) => losses.map((one) => lineOfFailure(name, 'failed', one))),
  ];
  throw new Error(`the account is not clean:\n${lines.join('\n')}`);
}

function lineOfFailure(name: string, how: string, { at, accessKeyId, heldMs, why }: ConsumerFailure): string {
  return `${at} ${name} ${how} with ${accessKeyId}, read ${heldMs ?? 'unknown'} ms before: ${why}`;
}
