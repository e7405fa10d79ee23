import { buildParts, type Parts, type PartsOptions } from '../parts.ts';
import { untouched } from '../policy/changes.ts';
import type { Policy } from '../policy/policy.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { Handover } from '../scheduler/handover.ts';
import { Scheduler } from '../scheduler/scheduler.ts';

export interface EngineOptions extends PartsOptions {
  /** Hears every outcome and when that application is looked at next (Unix ms). */
  readonly onOutcome: (outcome: Outcome, nextAt: number) => void;
  /** The first pause after a failure, in ms; for tests, which have less patience. */
  readonly backoffFromMs?: number;
}

/**
 * Everything that works by one policy. Where the policy changes, another engine takes over at once: this one begins
 * nothing more, and what it is carrying out ends within its bound. Until then the next one leaves those applications be,
 * so that no two passes ever act for one application.
 */
export class Engine {
  readonly parts: Parts;
  readonly scheduler: Scheduler;
  /** What earlier engines are still carrying out. */
  readonly #inherited = new Map<string, Promise<void>>();
  /** Once another engine has taken over: what this one was carrying out then. Of nothing else it is heard any more. */
  #lastActs: ReadonlySet<string> | undefined;

  /** Takes over from `before`, which begins nothing more from then on and is to be retired. */
  constructor(policy: Policy, options: EngineOptions, before?: Engine) {
    this.parts = buildParts(
      policy,
      { ...options, report: (event) => this.#hears(event) && options.report(event) },
      before?.parts,
    );
    const { rotator, issuerWatches: issuers, vaultWatch: vault } = this.parts;
    const handover = before?.handOver(policy);
    for (const [name, ended] of handover?.ending ?? []) this.#inherit(name, ended);
    this.scheduler = new Scheduler({
      ...options,
      policy,
      rotator,
      issuers,
      vault,
      random: Math.random,
      onOutcome: (outcome, nextAt) => this.#hears(outcome) && options.onOutcome(outcome, nextAt),
      ...(handover && { before: handover }),
    });
  }

  get policy(): Policy {
    return this.parts.policy;
  }

  /** The applications for which something is being carried out right now, by an earlier policy or by this one. */
  get acting(): readonly string[] {
    return [...this.#inherited.keys(), ...this.parts.rotator.acting];
  }

  /**
   * Begins nothing more; resolves once what is being carried out has ended. A look that waits for a slow server need not
   * be waited for: nothing hangs on it.
   */
  async quiesce(): Promise<void> {
    const acts = Promise.all([...this.#inherited.values(), this.parts.rotator.quiesce()]);
    await Promise.race([this.scheduler.stop().then(() => acts), acts]);
  }

  /** After `successor` took over: ends the connections that it does not go on with, once nobody needs them. */
  async retire(successor: Engine): Promise<void> {
    await Promise.all([...this.#inherited.values(), this.scheduler.stop()]);
    await this.parts.close(successor.parts);
  }

  /** Begins nothing more, and says what an engine for `policy` goes on from. */
  handOver(policy: Policy): Handover {
    const { rotator } = this.parts;
    // from here on nothing more is carried out, so that what is acting now is all there will be
    void rotator.quiesce();
    this.#lastActs = new Set(rotator.acting);
    const own = rotator.acting.map((name) => [name, rotator.ended(name)] as const);
    const handover = this.scheduler.handover(untouched(this.policy, policy));
    void this.scheduler.stop();
    return { ...handover, ending: new Map([...this.#inherited, ...own]) };
  }

  #inherit(application: string, ended: Promise<void>): void {
    this.#inherited.set(application, ended);
    void ended.then(() => this.#inherited.delete(application));
  }

  #hears({ application }: { readonly application: string }): boolean {
    return this.#lastActs === undefined || this.#lastActs.has(application);
  }
}
