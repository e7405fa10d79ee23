import PQueue from 'p-queue';
import type { Policy } from '../policy/policy.ts';
import { share } from '../policy/share.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { Clock } from '../rotation/ports.ts';
import type { OperatorRequest, Rotator } from '../rotation/rotator.ts';
import { Agenda } from './agenda.ts';
import type { Handover } from './handover.ts';
import { Heartbeat } from './heartbeat.ts';
import { Lane } from './lane.ts';
import { steadyPace } from './pacing.ts';
import { Resync } from './resync.ts';
import { SafeRotator } from './safe-rotator.ts';
import type { ServerWatch } from './server-watch.ts';
import { Turns } from './turns.ts';
import type { Source } from './wake-up.ts';

export interface SchedulerOptions {
  /** Which replica this is; makes its order and its share of the spread its own. */
  readonly replica: string;
  readonly policy: Pick<Policy, 'applications' | 'issuers' | 'scheduler'>;
  readonly rotator: Rotator;
  readonly clock: Pick<Clock, 'now'>;
  /** 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** The issuers' servers by the issuer's name; one without a watch counts as always there. */
  readonly issuers?: ReadonlyMap<string, ServerWatch>;
  readonly vault?: ServerWatch;
  /** Hears every outcome and when that application is looked at next (Unix ms; Infinity: by the resync only). */
  readonly onOutcome: (outcome: Outcome, nextAt: number) => void;
  /** Awaited before each record read of the resync; ten a second where it is not given. */
  readonly pace?: () => Promise<void>;
  /** The first pause after a failure, in ms. */
  readonly backoffFromMs?: number;
  /** Of the scheduler that worked by an earlier policy of this process. */
  readonly before?: Handover;
}

/** Records that the resync of one daemon reads. */
export const RESYNC_READS_PER_SECOND = 10;
/** Issuers whose records are read at once in the first round. */
const FIRST_LOOKS_AT_ONCE = 2;
/** No alarm between two beats rings sooner than after so many ms, nor later. */
const ALARM_MS = { soonest: 10, latest: 1_000 } as const;
/** A window may be open for one minute only: who waits for longer than this, in ms, would find it closed each time. */
const WINDOW_SPREAD_MS = 30_000;
/** Once a server is back, what waited for it comes back within this time, in ms. */
const RETURN_SPREAD_MS = 5_000;

interface IssuerWork {
  readonly lane: Lane;
  readonly resync: Resync;
}

/**
 * The daemon's engine. How an application goes through it:
 *
 * 1. The **timetable** in the agenda holds one time per application. Each second the heartbeat ticks and takes out
 *    what is due (`tick`), and an alarm does so between two beats; nothing is done while nothing is.
 * 2. Each issuer has a **lane** of its own, so that none waits for another. A due application waits there in this
 *    replica's order; the lane holds everything back while the issuer's or Vault's circuit is open.
 * 3. One **survey** at a time looks at those that no valid list covers: it reads their records, then one list for all.
 * 4. Up to `limits.concurrency` **passes** run beside it: each reads its record again and carries out one decision.
 *    What people ask for goes straight to its pass (`request`).
 * 5. The outcome is **settled**: the agenda decides when to look next (what is planned, a pause after a failure,
 *    the resync at the latest), and `onOutcome` hears of it.
 *
 * Beside all that the **resync** goes round every application, first at once and then every so often, by surveys of
 * what the lane lends it, and settles what it finds: nothing that changed behind our back stays unseen for long.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #rotator: SafeRotator;
  readonly #agenda: Agenda;
  readonly #shares = new Map<string, number>();
  readonly #work = new Map<string, IssuerWork>();
  readonly #underWay = new PQueue();
  readonly #pace: () => Promise<void>;
  #heartbeat: Heartbeat | undefined;
  #alarm: NodeJS.Timeout | undefined;
  readonly #listening: readonly (() => void)[];
  readonly #turns = new Turns(FIRST_LOOKS_AT_ONCE);
  #isKicked = false;
  #isStopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#rotator = new SafeRotator(options.rotator, () => options.clock.now());
    this.#agenda = new Agenda({
      ...options,
      scheduler: options.policy.scheduler,
      delayOf: (name) => this.#delayOf(name),
      circuitCodes: this.#watches().map(({ circuit }) => circuit.code),
      onDue: () => this.#kick(),
    });
    this.#pace = options.pace ?? steadyPace(RESYNC_READS_PER_SECOND);
    for (const name of options.policy.applications.keys()) this.#shares.set(name, share(options.replica, name));
    const byIssuer = this.#applicationsByIssuer();
    for (const issuer of options.policy.issuers.keys())
      this.#work.set(issuer, this.#issuerWork(issuer, byIssuer.get(issuer) ?? []));
    this.#listening = this.#watches().map((watch) => watch.circuit.onClose(() => this.#wakeAfter(watch)));
    if (options.before) this.#takeOver(options.before);
  }

  /** What is the same goes on; what is new or has changed is looked at soon; what still ends elsewhere is let be. */
  #takeOver({ known, rounds, ending }: Handover): void {
    const now = this.#options.clock.now();
    for (const [name, { issuer }] of this.#options.policy.applications) {
      const before = known.get(name);
      const ended = ending.get(name);
      if (before) this.#agenda.takeOver(name, before);
      if (ended) this.#of(name).lane.occupy(name, ended, () => this.#agenda.wake(name, this.#options.clock.now()));
      else if (before?.at === undefined && rounds.has(issuer)) this.#agenda.wake(name, now + this.#delayOf(name));
    }
  }

  /** What a scheduler for a changed policy takes over; `same`: the applications that did not change. */
  handover(same: Iterable<string>): Omit<Handover, 'ending'> {
    const known = [...same].map((name) => [name, this.#agenda.knownOf(name)] as const);
    const rounds = [...this.#work].flatMap(
      ([
        issuer,
        {
          resync: { round },
        },
      ]) => (round ? [[issuer, round] as const] : []),
    );
    return { known: new Map(known), rounds: new Map(rounds) };
  }

  /** Beats from now on, once a second. */
  start(): void {
    this.#heartbeat = new Heartbeat(() => this.tick());
    this.tick();
  }

  /** Starts what is due. Nothing is done when nothing is. */
  tick(now: number = this.#options.clock.now()): void {
    if (this.#isStopped) return;
    for (const application of this.#agenda.takeDue(now)) this.#of(application).lane.add(application);
    for (const watch of this.#watches()) if (watch.isDown) this.#launch(() => watch.beat());
    for (const { lane, resync } of this.#work.values()) {
      resync.beat(now);
      lane.pump();
    }
    this.#setAlarm(now);
  }

  /**
   * A pass with that request, as soon as no other is under way for that application. Never rejects but for an
   * application that the policy does not have.
   */
  async request(application: string, request: OperatorRequest): Promise<Outcome> {
    const { lane } = this.#of(application);
    const outcome = lane.ask(application, request);
    lane.pump();
    return outcome;
  }

  /** Starts nothing new and resolves once everything under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { lane, resync } of this.#work.values()) {
      lane.stop();
      resync.stop();
    }
    clearTimeout(this.#alarm);
    for (const end of this.#listening) end();
    await this.#heartbeat?.stop();
    await this.#underWay.onIdle();
  }

  /** Resolves when no survey, pass or probe is under way. */
  async idle(): Promise<void> {
    await this.#underWay.onIdle();
  }

  /** Milliseconds since the last heartbeat; Infinity before `start`. */
  get sinceBeatMs(): number {
    return this.#heartbeat?.sinceBeatMs ?? Infinity;
  }

  /** When this application is due next (Unix ms); undefined while it is in hand or has not been looked at yet. */
  nextAtOf(application: string): number | undefined {
    return this.#agenda.at(application);
  }

  /** How far apart the resync's looks at one application really are, in ms. */
  get effectiveResyncMs(): number {
    const now = this.#options.clock.now();
    const periods = [...this.#work.values()].map(({ resync }) => resync.effectiveMs(now));
    return Math.max(this.#options.policy.scheduler.resyncMs, ...periods);
  }

  /** Issuers whose applications have not all been looked at since the start. */
  get unsurveyed(): readonly string[] {
    return [...this.#work].filter(([, { resync }]) => !resync.isFirstRoundDone).map(([issuer]) => issuer);
  }

  #issuerWork(issuer: string, applications: readonly string[]): IssuerWork {
    const { policy, clock } = this.#options;
    const shared = {
      rotator: this.#rotator,
      isHeld: () => this.#isHeld(issuer),
      launch: (work: () => Promise<void>) => this.#launch(work),
    };
    const concurrency = policy.issuers.get(issuer)?.limits.concurrency ?? 1;
    const lane = new Lane({
      ...shared,
      concurrency,
      now: () => clock.now(),
      order: (name) => this.#share(name),
      settle: (outcome) => this.#settle(outcome, 'lane'),
    });
    const resync = new Resync({
      ...shared,
      lane,
      clock,
      applications,
      turns: this.#turns,
      resyncMs: policy.scheduler.resyncMs,
      pace: this.#pace,
      isSoonDue: (name) => this.#agenda.isSoonDue(name),
      from: this.#options.before?.rounds.get(issuer),
      settle: (outcome) => this.#settle(outcome, 'resync'),
    });
    return { lane, resync };
  }

  /** In this replica's order. */
  #applicationsByIssuer(): ReadonlyMap<string, readonly string[]> {
    const inOrder = [...this.#shares].sort(([, a], [, b]) => a - b).map(([name]) => name);
    return Map.groupBy(inOrder, (name) => this.#issuerOf(name) ?? '');
  }

  #settle(outcome: Outcome, source: Source): void {
    this.#options.onOutcome(outcome, this.#agenda.settle(outcome, source));
    this.#setAlarm(this.#options.clock.now());
  }

  /**
   * What is due before the next beat does not wait for it: all replicas beat at the same second of the clock, and
   * whatever waited for that would be begun by several of them at once.
   */
  #setAlarm(now: number): void {
    clearTimeout(this.#alarm);
    const wait = (this.#agenda.next ?? Infinity) - now;
    if (!this.#heartbeat || this.#isStopped || wait >= ALARM_MS.latest) return;
    this.#alarm = setTimeout(() => this.tick(), Math.max(wait, ALARM_MS.soonest));
  }

  /** Does not leave what is due at once to the next heartbeat. */
  #kick(): void {
    if (this.#isKicked) return;
    this.#isKicked = true;
    queueMicrotask(() => {
      this.#isKicked = false;
      this.tick();
    });
  }

  /** A server is back: what was held back for it, and what failed meanwhile, is looked at again, spread a little. */
  #wakeAfter(watch: ServerWatch): void {
    const now = this.#options.clock.now();
    const spread = Math.min(this.#options.policy.scheduler.spreadMs, RETURN_SPREAD_MS);
    for (const [issuer, { lane }] of this.#work) {
      if (watch !== this.#options.vault && watch !== this.#options.issuers?.get(issuer)) continue;
      const curable = this.#agenda.curable().filter((name) => this.#issuerOf(name) === issuer);
      const returning = [...lane.takeWaiting(), ...curable];
      for (const application of returning) this.#agenda.wake(application, now + this.#share(application) * spread);
    }
  }

  #watches(): ServerWatch[] {
    const { issuers, vault } = this.#options;
    return [...(issuers?.values() ?? []), ...(vault ? [vault] : [])];
  }

  #isHeld(issuer: string): boolean {
    return (this.#options.vault?.isDown || this.#options.issuers?.get(issuer)?.isDown) ?? false;
  }

  #launch(work: () => Promise<void>): void {
    void this.#underWay.add(work);
  }

  /** This replica's share of the spread, in ms. */
  #delayOf(application: string): number {
    const { applications, scheduler } = this.#options.policy;
    const hasWindow = applications.get(application)?.rotate.window !== undefined;
    const spread = hasWindow ? Math.min(scheduler.spreadMs, WINDOW_SPREAD_MS) : scheduler.spreadMs;
    return this.#share(application) * spread;
  }

  #share(application: string): number {
    return this.#shares.get(application) ?? 0;
  }

  #issuerOf(application: string): string | undefined {
    return this.#options.policy.applications.get(application)?.issuer;
  }

  #of(application: string): IssuerWork {
    const work = this.#work.get(this.#issuerOf(application) ?? '');
    if (!work) throw new RangeError(`the policy has no application ${application}`);
    return work;
  }
}
