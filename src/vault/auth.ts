import type { Secret } from '../policy/secret.ts';
import { PortError, type Problem, problemOf } from '../rotation/errors.ts';
import { type Lease, type Login, type LoginDeps, renewed } from './login.ts';

/** With unchanged credentials there is one login in so many ms, as long as there is a token to go on with. */
const LOGIN_PAUSE_MS = 60_000;
/** A login that was refused is not tried again with the same credentials for so many ms. */
const REFUSED_PAUSE_MS = 10_000;

/** How rekeyd stands with Vault, for status and metrics. */
export interface TokenStanding {
  /** Unix ms; Infinity: never; undefined: there is no token yet. */
  readonly expiresAt: number | undefined;
  /** How long it had to live when it was new, in ms; Infinity: for ever. */
  readonly lifetimeMs: number | undefined;
  /** Why the last login or renewal failed. */
  readonly problem: Problem | undefined;
}

/**
 * Keeps a token that lives: logs in at the first use, renews, logs in anew. Callers at the same time share one login.
 * Only a token that Vault calls invalid is replaced at once; a denial is none of its business.
 */
export class VaultAuth {
  readonly #login: Login;
  readonly #deps: LoginDeps;
  #lease: Lease | undefined;
  #underway: Promise<Lease> | undefined;
  #lastLogin: { readonly at: number; readonly fingerprint: string } | undefined;
  #refused: { readonly at: number; readonly fingerprint: string; readonly error: PortError } | undefined;
  #problem: Problem | undefined;

  constructor(login: Login, deps: LoginDeps) {
    this.#login = login;
    this.#deps = deps;
  }

  /**
   * Does something with a token. If Vault calls that token invalid, it was refused before it took effect, so it is done
   * once more with a new one.
   */
  async use<T>(work: (token: Secret) => Promise<T>): Promise<T> {
    const lease = await this.#live(0);
    try {
      return await work(lease.token);
    } catch (error) {
      if (!(error instanceof PortError) || error.code !== 'vault-token-dead') throw error;
      const other = await this.#replace(lease, error);
      return work(other.token);
    }
  }

  /** Renews or logs in where the token would not live for `neededMs`; how long it now lives, in ms. */
  async ensure(neededMs: number): Promise<number> {
    const shared = await this.#live(neededMs);
    // A renewal that was already under way may have been asked for less.
    const lease = this.#suffices(shared, neededMs) ? shared : await this.#live(neededMs);
    return lease.expiresAt - this.#now();
  }

  standing(): TokenStanding {
    return { expiresAt: this.#lease?.expiresAt, lifetimeMs: this.#lease?.lifetimeMs, problem: this.#problem };
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  /** Whether it lives for `neededMs` and is not in the last third of its life. */
  #suffices(lease: Lease, neededMs: number): boolean {
    const third = Number.isFinite(lease.lifetimeMs) ? lease.lifetimeMs / 3 : 0;
    return lease.expiresAt - this.#now() >= Math.max(neededMs, third, 1);
  }

  async #live(neededMs: number): Promise<Lease> {
    if (this.#lease && this.#suffices(this.#lease, neededMs)) return this.#lease;
    return this.#shared(() => this.#extend(neededMs));
  }

  async #shared(work: () => Promise<Lease>): Promise<Lease> {
    this.#underway ??= work().finally(() => {
      this.#underway = undefined;
    });
    return this.#underway;
  }

  /** A lease that lives long enough or, where that cannot be had, the one that still lives. */
  async #extend(neededMs: number): Promise<Lease> {
    const lease = await this.#tryRenewal(this.#lease, neededMs);
    if (lease && this.#suffices(lease, neededMs)) return lease;
    const alive = lease && lease.expiresAt > this.#now() ? lease : undefined;
    if (alive && this.#lastLogin && isWithin(this.#now() - this.#lastLogin.at, LOGIN_PAUSE_MS)) return alive;
    try {
      return await this.#logIn();
    } catch (error) {
      if (alive) return alive;
      throw error;
    }
  }

  /** The lease afterwards; `undefined`: there is none, or it is dead. */
  async #tryRenewal(lease: Lease | undefined, neededMs: number): Promise<Lease | undefined> {
    if (!lease?.renewable || lease.expiresAt <= this.#now()) return lease;
    const wanted = Number.isFinite(lease.lifetimeMs) ? Math.max(neededMs, lease.lifetimeMs) : neededMs;
    try {
      this.#lease = await renewed(lease, wanted, this.#deps);
      this.#problem = undefined;
      return this.#lease;
    } catch (error) {
      this.#problem = problemOf(error);
      return isDead(error) ? undefined : lease;
    }
  }

  async #replace(dead: Lease, error: PortError): Promise<Lease> {
    if (this.#lease && this.#lease.token !== dead.token) return this.#live(0);
    return this.#shared(async () => {
      const { fingerprint } = await this.#login.read();
      const last = this.#lastLogin;
      const unchanged = last?.fingerprint === fingerprint;
      const tooSoon = !this.#login.repeatable || (last && isWithin(this.#now() - last.at, LOGIN_PAUSE_MS));
      if (unchanged && tooSoon) throw error;
      return this.#logIn();
    });
  }

  async #logIn(): Promise<Lease> {
    try {
      const input = await this.#login.read();
      this.#throwIfRefused(input.fingerprint);
      const at = this.#now();
      this.#lease = await this.#login.enter(input).catch((error: unknown) => {
        this.#remember(error, { at, fingerprint: input.fingerprint });
        throw error;
      });
      this.#lastLogin = { at, fingerprint: input.fingerprint };
      this.#problem = undefined;
      return this.#lease;
    } catch (error) {
      this.#problem = problemOf(error);
      throw error;
    }
  }

  #remember(error: unknown, attempt: { readonly at: number; readonly fingerprint: string }): void {
    if (error instanceof PortError && error.kind === 'rejected') this.#refused = { ...attempt, error };
  }

  #throwIfRefused(fingerprint: string): void {
    const refused = this.#refused;
    if (refused?.fingerprint !== fingerprint || !isWithin(this.#now() - refused.at, REFUSED_PAUSE_MS)) return;
    throw refused.error;
  }
}

function isDead(error: unknown): boolean {
  return error instanceof PortError && error.code === 'vault-token-dead';
}

/** A clock that was put back must not draw a pause out: time that did not pass counts as passed. */
function isWithin(elapsedMs: number, pauseMs: number): boolean {
  return elapsedMs >= 0 && elapsedMs < pauseMs;
}
