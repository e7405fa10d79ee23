import type { Logger } from 'pino';
import { type HttpServer, startHttp } from './http/server.ts';
import { buildParts, type Parts, type PartsOptions } from './parts.ts';
import type { Policy } from './policy/policy.ts';
import { secretSource } from './policy/secrets.ts';
import type { Report } from './rotation/events.ts';
import type { Outcome } from './rotation/outcome.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { Board } from './telemetry/board.ts';
import { censusOf } from './telemetry/census.ts';
import { eventLogger, logCircuit, logProblem } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';
import type { ServerHealth } from './telemetry/server-health.ts';
import { VERSION } from './version.ts';

export interface DaemonOptions extends Omit<PartsOptions, 'report' | 'onListed'> {
  readonly logger: Logger;
  /** Hears every event too. */
  readonly hear?: Report;
  /** The first pause after a failure, in ms; for tests, which have less patience. */
  readonly backoffFromMs?: number;
}

/** A daemon at work. */
export interface Daemon {
  readonly board: Board;
  readonly http: HttpServer;
  /** Starts nothing new, lets every running attempt end within its bound, and closes everything. */
  stop(): Promise<void>;
}

/** Builds everything from the policy and sets it going. Throws where the HTTP address cannot be had. */
export async function startDaemon(policy: Policy, options: DaemonOptions): Promise<Daemon> {
  const { logger, clock } = options;
  for (const { code, application, message } of policy.warnings) {
    logger.warn({ event: 'policy.warning', code, application }, message);
  }
  const log = eventLogger(logger, () => clock.now());
  let isStopped = false;
  const board = new Board(policy.applications, log);
  const metrics = new Metrics({
    board,
    now: () => clock.now(),
    issuers: policy.issuers,
    circuits: () => circuitsOf(parts),
    effectiveResyncMs: () => scheduler.effectiveResyncMs,
    version: VERSION,
    isAboutProcess: true,
  });
  const parts = buildParts(policy, {
    ...options,
    report: (event) => {
      if (isStopped) return;
      log(event);
      board.follow(event);
      metrics.follow(event);
      options.hear?.(event);
    },
    onListed: (issuer, credentials) => metrics.noteListed(issuer, censusOf(credentials, policy)),
  });
  const scheduler = openScheduler(parts, board, options.backoffFromMs);
  for (const circuit of circuitsOf(parts)) logCircuit(logger, circuit);
  const http = await openHttp(parts, { board, metrics, scheduler, logger });
  scheduler.start();
  const { size } = policy.applications;
  logger.info(
    { event: 'daemon.started', version: VERSION, replica: options.replica, applications: size, http: http.url },
    `rekeyd ${VERSION} looks after ${size} application${size === 1 ? '' : 's'}; ${http.url}`,
  );
  return {
    board,
    http,
    stop: async () => {
      const awaited = parts.rotator.acting;
      const ends = awaited.length > 0 ? `what is under way ends first: ${awaited.join(', ')}` : 'nothing is under way';
      logger.info({ event: 'daemon.stopping', awaited }, `stopping; ${ends}`);
      // a look that waits for a slow server need not be waited for: nothing hangs on it
      await Promise.race([scheduler.stop(), parts.rotator.quiesce()]);
      isStopped = true;
      await http.close();
      await parts.close();
      logger.info({ event: 'daemon.stopped', at: new Date(clock.now()).toISOString() }, 'stopped');
    },
  };
}

function openScheduler(parts: Parts, board: Board, backoffFromMs: number | undefined): Scheduler {
  const { policy, rotator, options } = parts;
  const { clock, replica } = options;
  return new Scheduler({
    replica,
    policy,
    rotator,
    clock,
    random: Math.random,
    issuers: parts.issuerWatches,
    vault: parts.vaultWatch,
    onOutcome: (outcome, nextAt) => board.record(outcome, clock.now(), nextAt),
    ...(backoffFromMs !== undefined && { backoffFromMs }),
  });
}

interface Shown {
  readonly board: Board;
  readonly metrics: Metrics;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
}

function openHttp(parts: Parts, { board, metrics, scheduler, logger }: Shown): Promise<HttpServer> {
  const { listen, token } = parts.policy.http;
  return startHttp({
    listen,
    ...(token && { token: secretSource(token, parts.options.env) }),
    board,
    metrics,
    now: () => parts.options.clock.now(),
    sinceBeatMs: () => scheduler.sinceBeatMs,
    missing: () => missing(parts, scheduler),
    rotate: (application) => rotateNow(scheduler, application),
    onError: (error) => logProblem(logger, 'http.failed', error),
  });
}

/** More steps than ever stand before a rotation that was asked for: strays to enter, credentials to revoke, adoption. */
const MOST_STEPS = 8;

async function rotateNow(scheduler: Scheduler, application: string): Promise<Outcome> {
  const request = { rotate: true, despite: [] };
  let outcome = await scheduler.request(application, request);
  for (let steps = 1; outcome.did !== 'rotated' && !outcome.trouble && steps < MOST_STEPS; steps += 1) {
    outcome = await scheduler.request(application, request);
  }
  return outcome;
}

/** What keeps this replica from being ready, in words. */
function missing(parts: Parts, scheduler: Scheduler): readonly string[] {
  const { problem, expiresAt } = parts.vault.tokenStanding();
  return [
    ...(problem ? [`no login to Vault: ${problem.reason}`] : []),
    ...(!problem && expiresAt === undefined ? ['no login to Vault yet'] : []),
    ...scheduler.unsurveyed.map((issuer) => `the applications of issuer ${issuer} have not been looked at yet`),
  ];
}

function circuitsOf(parts: Parts): readonly ServerHealth[] {
  return [...parts.issuerWatches.values(), parts.vaultWatch].map(({ circuit }) => circuit);
}
