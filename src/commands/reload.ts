import { setTimeout as sleep } from 'node:timers/promises';
import { FolderWatch } from '../policy/folder-watch.ts';
import type { Policy } from '../policy/policy.ts';
import type { PolicySources } from '../policy/sources.ts';
import { complaintOf } from './complain.ts';
import { MissingReferences } from './ready-policy.ts';

/** A policy that was read, and when (Unix ms). */
export interface ReadPolicy {
  readonly policy: Policy;
  readonly loadedAt: number;
}

/** What a changed policy is for. */
export interface Reloadable {
  /** Works by this policy from now on. Throws where it may not take the place of the one in force. */
  reload(policy: Policy, loadedAt: number): void;
  /** Goes on with the policy in force. */
  refuse(message: string): void;
}

export interface ReloadOptions {
  /** As they were when the policy in force was read. */
  readonly sources: PolicySources;
  /** Reads the policy and makes sure of what a start makes sure of. Throws what a start would end with. */
  readonly read: () => Promise<ReadPolicy>;
  readonly target: Reloadable;
  readonly patience?: Partial<Patience>;
}

/** All in ms. */
interface Patience {
  /** From one look at the files to the next, where the file system tells nothing. */
  readonly poll: number;
  /** Files that change are read once they have stayed the same for so long: somebody may be half through with them. */
  readonly settle: number;
  /** Files that never stay the same are read after so long all the same. */
  readonly restless: number;
}

const PATIENCE: Patience = { poll: 5_000, settle: 500, restless: 15_000 };

/** After a look there is a pause of so many times as long as it took. */
const REST = 20;

/**
 * Keeps a daemon's policy as the files have it. A hint of the file system, or else the time, leads to a look at what
 * stands in the files, and a difference to a reading. One at a time, and the newest state counts.
 */
export class Reloading {
  readonly #options: ReloadOptions;
  readonly #patience: Patience;
  readonly #folders = new FolderWatch(() => this.#hint.resolve());
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #hint = Promise.withResolvers<void>();
  #asked = Promise.withResolvers<void>();
  /** What the newest reading read: in force, or refused. */
  #judged: string;
  /** How long the newest look at the files took. */
  #lookMs = 0;
  /** The newest reading was refused for what no policy file shows. */
  #isMissingSecret = false;

  constructor(options: ReloadOptions) {
    this.#options = options;
    this.#patience = { ...PATIENCE, ...options.patience };
    this.#judged = options.sources.read;
    this.#ended = this.#work();
  }

  /** Reads at once, even if nothing has changed. */
  ask(): void {
    this.#asked.resolve();
  }

  /** Reads no more; resolves once a reading that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#folders.close();
    await this.#ended;
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #work(): Promise<void> {
    while (!this.#isStopped) {
      this.#folders.follow(this.#options.sources.folders);
      this.#hint = Promise.withResolvers();
      await this.#look();
      await this.#rest(this.#lookMs * REST);
    }
  }

  /** Until there is a reason to look again; no sooner than after `leastMs`, unless somebody asks. */
  async #rest(leastMs: number): Promise<void> {
    const hinted = this.#pause(leastMs).then(() => this.#hint.promise);
    const isAsked = await Promise.race([
      this.#asked.promise.then(() => true),
      hinted.then(() => false),
      this.#pause(Math.max(leastMs, this.#patience.poll)).then(() => false),
    ]);
    if (!isAsked || this.#isStopped) return;
    this.#asked = Promise.withResolvers();
    await this.#judge();
  }

  async #look(): Promise<void> {
    const seen = await this.#see();
    if (seen === this.#judged && !this.#isMissingSecret) return;
    if (seen !== this.#judged) await this.#settled(seen);
    if (!this.#isStopped) await this.#judge(seen === this.#judged);
  }

  async #see(): Promise<string> {
    const from = performance.now();
    const seen = await this.#options.sources.look();
    this.#lookMs = performance.now() - from;
    return seen;
  }

  /** Waits until the files stay the same for a moment. */
  async #settled(seen: string): Promise<void> {
    const deadline = performance.now() + this.#patience.restless;
    let before: string | undefined;
    for (let now = seen; now !== before && performance.now() < deadline; now = await this.#see()) {
      before = now;
      await this.#pause(this.#patience.settle);
    }
  }

  /** `isAgain`: the very same files were refused before; that is told only once. */
  async #judge(isAgain = false): Promise<void> {
    const { read, target, sources } = this.#options;
    try {
      const { policy, loadedAt } = await read();
      target.reload(policy, loadedAt);
      this.#isMissingSecret = false;
    } catch (error) {
      const wasMissing = this.#isMissingSecret;
      this.#isMissingSecret = error instanceof MissingReferences;
      const isKnown = isAgain && wasMissing && this.#isMissingSecret;
      if (!isKnown && (await this.#isWhole())) target.refuse(complaintOf(error));
    } finally {
      this.#judged = sources.read;
    }
  }

  /** Whether what was just read is there still after a moment: nothing is wrong with a file that is being written. */
  async #isWhole(): Promise<boolean> {
    await this.#pause(this.#patience.settle);
    return (await this.#see()) === this.#options.sources.read;
  }

  /** Ends early when it is stopped. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => {});
  }
}
