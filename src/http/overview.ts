import type { FastifyInstance } from 'fastify';
import type { Problem } from '../rotation/errors.ts';
import { iso } from '../rotation/record.ts';
import { type DownOf, type Tally, tallyOf } from '../telemetry/overview.ts';
import type { ServerHealth } from '../telemetry/server-health.ts';
import type { IssuerSight, SiteSources, VaultSight } from '../telemetry/site.ts';
import { isoIfAny } from '../telemetry/snapshot.ts';
import type { Doors } from './guard.ts';
import type { HttpOptions } from './options.ts';
import type { IssuerSnapshot, Overview } from './shapes.ts';

/** Everything at a glance. */
export function addOverview(
  server: FastifyInstance,
  options: HttpOptions,
  { reading }: Doors,
  overviews: Overviews,
): void {
  server.get('/api/v1/overview', reading, (_request, reply) =>
    reply.type('application/json').send(overviews.newest().text),
  );
  server.get('/api/v1/issuers', reading, (_request, reply) =>
    reply.send({ issuers: options.site.issuers().map(issuerOf) }),
  );
}

type Sources = Pick<HttpOptions, 'board' | 'site' | 'now' | 'missing' | 'token'>;

/** An overview as it is sent. */
interface Made {
  readonly text: string;
  /** Those that are overdue. */
  readonly overdue: ReadonlySet<string>;
  /** In ms. */
  readonly tookMs: number;
}

/**
 * An overview looks at all applications, so whoever asks within this time, in ms, gets the same. No longer than changes
 * are gathered for viewers: the overview after a change is never older than it.
 */
const SHARED_MS = 250;

/** Overviews for everybody who asks. */
export class Overviews {
  readonly #sources: Sources;
  #made: (Made & { readonly at: number }) | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  newest(): Made {
    const at = performance.now();
    if (this.#made && at - this.#made.at < SHARED_MS) return this.#made;
    const { board, now, site } = this.#sources;
    const tally = tallyOf(board, now(), downAmong(site));
    const text = JSON.stringify(overviewOf(this.#sources, tally));
    this.#made = { text, overdue: tally.overdue, at, tookMs: performance.now() - at };
    return this.#made;
  }
}

/** Without Vault nobody goes on; without an issuer, its own applications do not. */
function downAmong({ vault, issuers }: SiteSources): DownOf {
  const { circuit: vaultCircuit } = vault();
  const circuits = new Map(issuers().map(({ name, circuit }) => [name, circuit]));
  return (issuer) => [vaultCircuit, circuits.get(issuer)].find((circuit) => circuit?.isOpen);
}

function overviewOf({ site, now, missing, token }: Sources, tally: Tally): Overview {
  const { loadedAt, rejected, waitsForRestart } = site.policyStanding();
  const { total, states, retired, held, strays, superseded, troubles, next } = tally;
  return {
    now: iso(now()),
    version: site.version,
    owner: site.owner(),
    replica: site.replica,
    started_at: iso(site.startedAt),
    missing: [...missing()],
    can_write: token !== undefined,
    policy: {
      loaded_at: iso(loadedAt),
      ...(waitsForRestart && { waits_for_restart: [...waitsForRestart] }),
      ...(rejected && { rejected: { at: iso(rejected.at), message: rejected.message } }),
    },
    applications: { total, states: { ...states }, retired, held, strays, superseded },
    troubles: troubles.map(({ since, ...group }) => ({ ...group, since: isoIfAny(since) })),
    next: next && { ...next, at: iso(next.at) },
    vault: vaultOf(site.vault()),
    issuers: site.issuers().map(issuerOf),
  };
}

function vaultOf({ address, circuit, problem, expiresAt }: VaultSight): Overview['vault'] {
  const login = problem ? 'failed' : expiresAt === undefined ? 'none' : 'ok';
  return {
    address,
    login,
    problem: problem && wordsOf(problem),
    token_expires_at: isoIfAny(expiresAt),
    circuit: circuitOf(circuit),
  };
}

export function issuerOf({ name, instance, limits, circuit, callsLastMinute, listed }: IssuerSight): IssuerSnapshot {
  const { credentials, perSecond, concurrency } = limits;
  return {
    issuer: name,
    instance,
    credentials: listed && {
      total: listed.census.ours + listed.census.unclaimed + listed.census.foreign,
      ...listed.census,
      listed_at: iso(listed.at),
    },
    limits: { credentials, per_second: perSecond, concurrency },
    calls_last_minute: callsLastMinute,
    circuit: circuitOf(circuit),
  };
}

function circuitOf({ isOpen, openSince, lastFailure }: ServerHealth) {
  if (!isOpen) return { open: false };
  return { open: true, since: isoIfAny(openSince), last_failure: lastFailure && wordsOf(lastFailure) };
}

function wordsOf({ code, reason, remedy }: Problem): Problem {
  return { code, reason, remedy };
}
