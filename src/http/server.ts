import type { AddressInfo } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { ListenAddress } from '../policy/policy.ts';
import type { SecretSource } from '../policy/secret.ts';
import { problemOf } from '../rotation/errors.ts';
import type { Outcome, Trouble } from '../rotation/outcome.ts';
import type { Board } from '../telemetry/board.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { snapshotOf } from '../telemetry/snapshot.ts';
import { checkHost, checkReader, checkWriter } from './access.ts';
import { INDEX_PAGE } from './index-page.ts';
import { type HttpProblem, sendProblem } from './problem.ts';

export interface HttpOptions {
  readonly listen: ListenAddress;
  /** Needed to read anything but health and metrics when `listen` is not loopback. */
  readonly token?: SecretSource;
  readonly board: Board;
  readonly metrics: Metrics;
  /** Unix ms. */
  readonly now: () => number;
  /** Milliseconds since the last heartbeat. */
  readonly sinceBeatMs: () => number;
  /** What is still missing before rekeyd does its work, in words; empty: ready. */
  readonly missing: () => readonly string[];
  /** Rotates an application at once; resolves when that has ended. */
  readonly rotate: (application: string) => Promise<Outcome>;
  /** Hears of defects while answering. */
  readonly onError?: (error: unknown) => void;
}

/** The running server. `url` has the port really bound, and no trailing slash. */
export interface HttpServer {
  readonly address: ListenAddress;
  readonly url: string;
  close(): Promise<void>;
}

/** Nothing that is sent here needs a body. In bytes. */
const BODY_LIMIT = 1024;

/** The loop lives while its heartbeat is no older than this, in ms. */
const HEARTBEAT_LIMIT_MS = 30_000;

/** Starts answering. Rejects when the address cannot be had. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const server = fastify({ logger: false, forceCloseConnections: true, bodyLimit: BODY_LIMIT });
  guard(server, options);
  addHealth(server, options);
  addApi(server, options);
  server.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(INDEX_PAGE));
  await server.listen({ host: options.listen.host, port: options.listen.port });
  const bound = server.server.address() as AddressInfo;
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    address: { host: bound.address, port: bound.port },
    url: `http://${host}:${bound.port}`,
    close: () => server.close(),
  };
}

function guard(server: FastifyInstance, { listen, onError }: HttpOptions): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const problem = checkHost(listen.host, request.headers.host);
    return problem && sendProblem(reply, problem);
  });
  server.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, { status: 404, title: 'Not found', code: 'not-found', detail: 'GET / names what there is.' }),
  );
  server.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) {
      const detail = 'The request could not be understood.';
      return sendProblem(reply, { status, title: 'Bad request', code: 'bad-request', detail });
    }
    onError?.(error);
    const { code, reason, remedy } = problemOf(error);
    return sendProblem(reply, { status, title: 'Internal error', code, detail: `${reason}. ${remedy}` });
  });
}

function addHealth(server: FastifyInstance, { sinceBeatMs, missing, metrics }: HttpOptions): void {
  server.get('/healthz', (_request, reply) => {
    const isAlive = sinceBeatMs() <= HEARTBEAT_LIMIT_MS;
    return reply.code(isAlive ? 200 : 503).send({ status: isAlive ? 'ok' : 'heartbeat-stalled' });
  });
  server.get('/readyz', (_request, reply) => {
    const still = missing();
    if (still.length === 0) return reply.send({ status: 'ready' });
    return reply.code(503).send({ status: 'not-ready', missing: still });
  });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()));
}

/** Guards a route by what `check` finds in the request's authorization. */
function guardedBy(check: (authorization: string | undefined) => Promise<HttpProblem | undefined>) {
  return {
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
      const problem = await check(request.headers.authorization);
      if (problem?.status === 401) reply.header('www-authenticate', 'Bearer realm="rekeyd"');
      return problem && sendProblem(reply, problem);
    },
  };
}

interface OfApplication {
  Params: { name: string };
}

function addApi(server: FastifyInstance, { listen, token, board, now, rotate }: HttpOptions): void {
  const reading = guardedBy((authorization) => checkReader(listen.host, token, authorization));
  const writing = guardedBy((authorization) => checkWriter(token, authorization));
  server.get('/api/v1/applications', reading, (_request, reply) =>
    reply.send({ applications: board.entries(now()).map(snapshotOf) }),
  );
  server.get<OfApplication>('/api/v1/applications/:name', reading, (request, reply) => {
    const entry = board.entry(request.params.name, now());
    return entry ? reply.send(snapshotOf(entry)) : sendProblem(reply, noSuchApplication);
  });
  server.post<OfApplication>('/api/v1/applications/:name/rotate', writing, async (request, reply) => {
    const { name } = request.params;
    if (!board.entry(name, now())) return sendProblem(reply, noSuchApplication);
    const { trouble } = await rotate(name);
    if (trouble) return sendProblem(reply, notRotated(trouble));
    const entry = board.entry(name, now());
    return entry ? reply.send(snapshotOf(entry)) : sendProblem(reply, noSuchApplication);
  });
}

const noSuchApplication: HttpProblem = {
  status: 404,
  title: 'Not found',
  code: 'no-such-application',
  detail: 'The policy has no application of that name; GET /api/v1/applications lists them all.',
};

function notRotated({ code, reason, remedy }: Trouble): HttpProblem {
  return { status: 409, title: 'Not rotated', code, detail: `${reason}. ${remedy}` };
}
