import type { Logger } from 'pino';
import { Engine, type EngineOptions } from './daemon/engine.ts';
import { rotateNow } from './daemon/rotate-now.ts';
import { circuitsOf, issuerSights, missing, vaultSight } from './daemon/sights.ts';
import { Telling, type TellingOptions } from './daemon/telling.ts';
import { type HttpServer, startHttp } from './http/server.ts';
import type { PartsOptions } from './parts.ts';
import { changesBetween, changesText, isUnchanged, notReloadable, waitsForRestart } from './policy/changes.ts';
import { PolicyError } from './policy/mistakes.ts';
import type { IssuerPolicy, LogLevel, Policy } from './policy/policy.ts';
import { MissingSecret, type Secret } from './policy/secret.ts';
import { secretSource } from './policy/secrets.ts';
import type { Report, RotationEvent } from './rotation/events.ts';
import { EndpointLooks } from './scheduler/endpoint-looks.ts';
import { Board } from './telemetry/board.ts';
import { CallCounts } from './telemetry/call-counts.ts';
import { censusOf } from './telemetry/census.ts';
import { History } from './telemetry/history.ts';
import { logProblem } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';
import { OverdueWatch } from './telemetry/overdue.ts';
import type { PolicyStanding } from './telemetry/policy-standing.ts';
import type { Listed } from './telemetry/site.ts';
import { VERSION } from './version.ts';
import type { EndpointTimes } from './webhooks/endpoint.ts';

export interface DaemonOptions extends Omit<PartsOptions, 'report' | 'onListed' | 'trafficOf'> {
  readonly logger: Logger;
  /** Hears every event too. */
  readonly hear?: Report;
  /** The first pause after a failure, in ms; for tests, which have less patience. */
  readonly backoffFromMs?: number;
  /** For tests, which have less patience. */
  readonly webhookTimes?: EndpointTimes;
}

/** How often it is looked for what is late, in ms. */
const OVERDUE_EVERY_MS = 60_000;

/** Builds everything from the policy and sets it going. Throws where the HTTP address cannot be had. */
export async function startDaemon(policy: Policy, options: DaemonOptions): Promise<Daemon> {
  const daemon = new Daemon(policy, options);
  await daemon.start();
  return daemon;
}

/**
 * A daemon at work: what stays for as long as the process lives (the log, what is shown and counted, the HTTP server)
 * around the engine that works by the policy in force.
 */
export class Daemon {
  readonly board: Board;
  readonly #options: DaemonOptions;
  readonly #started: Policy;
  readonly #telling: Telling;
  readonly #overdue: NodeJS.Timeout;
  readonly #metrics: Metrics;
  readonly #history: History;
  readonly #calls = new CallCounts();
  readonly #listed = new Map<string, Listed>();
  /** Those of the policy in force. */
  readonly #issuers = new Map<string, IssuerPolicy>();
  readonly #retiring = new Map<Engine, Promise<void>>();
  readonly #looks: EndpointLooks;
  #engine: Engine;
  #loadedAt: number;
  #rejected: PolicyStanding['rejected'];
  #http: HttpServer | undefined;
  #isStopped = false;

  constructor(policy: Policy, options: DaemonOptions) {
    const { clock, policyLoadedAt } = options;
    this.#options = options;
    this.#started = policy;
    this.#loadedAt = policyLoadedAt;
    this.board = new Board(policy.applications, (event) => this.#tell(event));
    this.#history = new History(clock.now());
    this.#metrics = new Metrics({
      board: this.board,
      now: () => clock.now(),
      issuers: this.#issuers,
      circuits: () => circuitsOf(this.#engine.parts),
      effectiveResyncMs: () => this.#engine.scheduler.effectiveResyncMs,
      resyncMs: () => this.#engine.policy.scheduler.resyncMs,
      policyStanding: () => this.standing,
      tokenStanding: () => this.#engine.parts.vault.tokenStanding(),
      sinceBeatMs: () => this.#engine.scheduler.sinceBeatMs,
      missing: () => missing(this.#engine.parts, this.#engine.scheduler),
      version: VERSION,
      isAboutProcess: true,
    });
    const countDelivery: TellingOptions['countDelivery'] = (result) => this.#metrics.noteDelivery(result);
    this.#telling = new Telling({ ...options, owner: policy.owner, countDelivery });
    this.#telling.warnings(policy);
    const overdue = new OverdueWatch(this.board, (event) => this.#tell(event));
    this.#overdue = setInterval(() => overdue.look(clock.now()), OVERDUE_EVERY_MS).unref();
    this.#engine = new Engine(policy, this.#engineOptions(policyLoadedAt));
    this.#looks = new EndpointLooks({
      targets: () => this.#engine.policy.issuers.values(),
      reach: (target) => this.#engine.parts.verifier.reach(target),
    });
    this.#govern();
  }

  /** The running server; before `start` there is none. */
  get http(): HttpServer {
    if (!this.#http) throw new Error('the daemon has not been started');
    return this.#http;
  }

  /** Which policy is in force, and what was refused since. */
  get standing(): PolicyStanding {
    const waiting = waitsForRestart(this.#started, this.#engine.policy);
    return {
      loadedAt: this.#loadedAt,
      ...(this.#rejected && { rejected: this.#rejected }),
      ...(waiting.length > 0 && { waitsForRestart: waiting }),
    };
  }

  async start(): Promise<void> {
    this.#http = await this.#openHttp();
    this.#engine.scheduler.start();
    const { size } = this.#engine.policy.applications;
    const { logger, replica } = this.#options;
    const { url } = this.#http;
    logger.info(
      { event: 'daemon.started', version: VERSION, replica, applications: size, http: url },
      `${url} shows how everything stands; rekeyd ${VERSION} looks after ${size} application${size === 1 ? '' : 's'}`,
    );
  }

  /**
   * Works by this policy from now on. Throws `PolicyError` where it cannot take the place of the one in force, which goes
   * on then. `loadedAt`: when it was read (Unix ms).
   */
  reload(policy: Policy, loadedAt: number): void {
    if (this.#isStopped) return;
    const against = notReloadable(this.#started, policy);
    if (against.length > 0) throw new PolicyError(against.map((message) => ({ file: policy.file, message })));
    const before = this.#engine;
    const changes = changesBetween(before.policy, policy);
    const hasChanged = !isUnchanged(changes);
    if (hasChanged) this.#takeOver(policy, loadedAt, before);
    else this.#govern();
    this.#tellReload(changesText(changes), hasChanged);
  }

  /** The policy file, as it is now, cannot be used: the policy in force goes on, and everybody can see why. */
  refuse(message: string): void {
    this.#rejected = { at: this.#options.clock.now(), message };
    this.#telling.refused(message, this.#loadedAt);
  }

  /** Starts nothing new, lets every running attempt end within its bound, and closes everything. */
  async stop(): Promise<void> {
    const { logger, clock } = this.#options;
    const awaited = this.#engine.acting;
    const ends = awaited.length > 0 ? `what is under way ends first: ${awaited.join(', ')}` : 'nothing is under way';
    logger.info({ event: 'daemon.stopping', awaited }, `stopping; ${ends}`);
    await this.#engine.quiesce();
    this.#isStopped = true;
    clearInterval(this.#overdue);
    this.#looks.stop();
    await this.#telling.close();
    await this.#http?.close();
    await Promise.all([this.#engine, ...this.#retiring.keys()].map(({ parts }) => parts.close()));
    await Promise.all(this.#retiring.values());
    logger.info({ event: 'daemon.stopped', at: new Date(clock.now()).toISOString() }, 'stopped');
  }

  #takeOver(policy: Policy, loadedAt: number, before: Engine): void {
    const { logger } = this.#options;
    const next = new Engine(policy, this.#engineOptions(loadedAt), before);
    this.#engine = next;
    this.#loadedAt = loadedAt;
    this.#govern();
    next.scheduler.start();
    if (policy.log.level !== before.policy.log.level) setLevel(logger, policy.log.level);
    this.#telling.warnings(policy, before.policy);
    this.#retiring.set(
      before,
      before
        .retire(next)
        .catch((error: unknown) => logProblem(logger, 'policy.failed', error))
        .finally(() => this.#retiring.delete(before)),
    );
  }

  #tellReload(changes: string, hasChanged: boolean): void {
    const wasRefused = this.#rejected !== undefined;
    this.#rejected = undefined;
    const applications = this.#engine.policy.applications.size;
    const words = hasChanged
      ? `the changed policy is in force: ${changes}`
      : 'the policy is as it was: nothing has changed';
    const mended = wasRefused ? '; nothing is wrong with the file any more' : '';
    this.#telling.reloaded(`${words}${mended}`, { applications, changes }, this.standing.waitsForRestart ?? []);
  }

  /** Shows and counts by the policy in force. */
  #govern(): void {
    const { policy, parts } = this.#engine;
    this.board.govern(policy.applications);
    this.#issuers.clear();
    for (const [name, issuer] of policy.issuers) this.#issuers.set(name, issuer);
    this.#telling.govern(policy, circuitsOf(parts));
  }

  #engineOptions(policyLoadedAt: number): EngineOptions {
    const { clock } = this.#options;
    return {
      ...this.#options,
      policyLoadedAt,
      report: (event) => this.#report(event),
      trafficOf: (server) => this.#trafficOf(server),
      onListed: async (issuer, credentials) => {
        const census = await censusOf(credentials, this.#engine.policy);
        this.#listed.set(issuer, { census, at: clock.now() });
        this.#metrics.noteListed(issuer, census);
      },
      onOutcome: (outcome, nextAt) => this.board.record(outcome, clock.now(), nextAt),
    };
  }

  #trafficOf(server: string): ReturnType<Metrics['trafficOf']> {
    const traffic = this.#metrics.trafficOf(server);
    return {
      ...traffic,
      called: (result, durationMs) => {
        this.#calls.count(server);
        traffic.called(result, durationMs);
      },
    };
  }

  /** What a pass reports. */
  #report(event: RotationEvent): void {
    if (this.#isStopped) return;
    this.#tell(event);
    this.board.follow(event);
    this.#metrics.follow(event);
  }

  /** What a pass or the board reports. */
  #tell(event: RotationEvent): void {
    this.#telling.event(event);
    this.#history.follow(event, this.#options.clock.now());
    this.#options.hear?.(event);
  }

  /** Of the policy in force. Where it has none any more, nobody's opens anything, at once and not at the next restart. */
  async #token(env: NodeJS.ProcessEnv): Promise<Secret> {
    const { token } = this.#engine.policy.http;
    if (!token) throw new MissingSecret('http.token is not set in the policy in force');
    return secretSource(token, env)();
  }

  #openHttp(): Promise<HttpServer> {
    const { clock, env, logger, replica } = this.#options;
    const { listen, token } = this.#started.http;
    return startHttp({
      listen,
      ...(token && { token: () => this.#token(env) }),
      board: this.board,
      history: this.#history,
      metrics: this.#metrics,
      site: {
        version: VERSION,
        owner: () => this.#engine.policy.owner,
        replica,
        startedAt: clock.now(),
        policyStanding: () => this.standing,
        vault: () => vaultSight(this.#engine.parts),
        issuers: () => issuerSights(this.#engine.parts, this.#listed, this.#calls),
      },
      now: () => clock.now(),
      sinceBeatMs: () => this.#engine.scheduler.sinceBeatMs,
      missing: () => missing(this.#engine.parts, this.#engine.scheduler),
      rotate: (application) => rotateNow(() => this.#engine, application, clock),
      onError: (error) => logProblem(logger, 'http.failed', error),
    });
  }
}

function setLevel(logger: Logger, level: LogLevel): void {
  logger.level = level;
}
