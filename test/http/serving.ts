import { type Dispatcher, request } from 'undici';
import { afterEach } from 'vitest';
import { type HttpOptions, type HttpServer, startHttp } from '../../src/http/server.ts';
import { Secret, type SecretSource } from '../../src/policy/secret.ts';
import type { Board } from '../../src/telemetry/board.ts';
import { History } from '../../src/telemetry/history.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import type { ServerHealth } from '../../src/telemetry/server-health.ts';
import type { SiteSources } from '../../src/telemetry/site.ts';
import { boardOf, NOW, outcomeOf, troubleOf } from '../telemetry/views.ts';

export function healthOf(server: string, over: Partial<ServerHealth> = {}): ServerHealth {
  return {
    server,
    code: 'x',
    isOpen: false,
    openSince: undefined,
    lastFailure: undefined,
    onOpen() {},
    onClose() {},
    ...over,
  };
}

/** A process with one issuer, in which everything is well. */
export function siteOf(over: Partial<SiteSources> = {}): SiteSources {
  return {
    version: '1.2.3',
    owner: () => 'acme',
    replica: 'replica-1',
    startedAt: NOW,
    policyStanding: () => ({ loadedAt: NOW }),
    vault: () => ({ address: 'https://vault.example', circuit: healthOf('Vault'), expiresAt: NOW + 3_600_000 }),
    issuers: () => [
      {
        name: 'sto1',
        instance: 'os-ab123',
        limits: { concurrency: 4, perSecond: 5, credentials: 200 },
        circuit: healthOf('issuer sto1'),
        callsLastMinute: 12,
        listed: { census: { ours: 7, unclaimed: 1, foreign: 2 }, at: NOW },
      },
    ],
    ...over,
  };
}

/** Two applications: billing is refused, mail was never looked at. */
export function troubledBoard(): Board {
  const board = boardOf(['billing', 'mail']);
  board.record(outcomeOf('billing', { trouble: troubleOf('refused', 'edited') }), NOW);
  return board;
}

export const UNLIMITED = { burst: Number.POSITIVE_INFINITY, perSecond: 1 };

/** What a server needs that nobody expects anything particular of. */
export function httpOptions(over: Partial<HttpOptions> = {}): HttpOptions {
  const { board = troubledBoard(), now = () => NOW } = over;
  const sources = { board, now, issuers: new Map(), circuits: () => [], effectiveResyncMs: () => 1, version: '1' };
  return {
    listen: { host: '127.0.0.1', port: 0 },
    board,
    history: new History(NOW),
    metrics: new Metrics(sources),
    site: siteOf(),
    now,
    sinceBeatMs: () => 900,
    missing: () => [],
    rotate: async (name) => outcomeOf(name),
    ...over,
  };
}

const running: HttpServer[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

export async function started(over: Partial<HttpOptions> = {}): Promise<HttpServer> {
  const server = await startHttp(httpOptions(over));
  running.push(server);
  return server;
}

/** Starts one and returns how to ask it. */
export async function serve(over: Partial<HttpOptions> = {}) {
  const { address } = await started(over);
  return async (path: string, headers: Record<string, string> = {}, method: Dispatcher.HttpMethod = 'GET') => {
    const answer = await request(`http://127.0.0.1:${address.port}${path}`, { method, headers });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) };
  };
}

export const offLoopback = { listen: { host: '0.0.0.0', port: 0 } };
export const token: SecretSource = async () => new Secret('open-sesame');
export const bearer = { authorization: 'Bearer open-sesame' };
