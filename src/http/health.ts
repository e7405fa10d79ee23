import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { HttpOptions } from './options.ts';

/** The loop lives while its heartbeat is no older than this, in ms. */
const HEARTBEAT_LIMIT_MS = 30_000;

/** For probes and scrapers: without a token, and without a limit that would keep them away. */
export function addHealth(server: FastifyInstance, { sinceBeatMs, missing, metrics }: HttpOptions): void {
  server.get('/healthz', (_request, reply) => {
    const isAlive = sinceBeatMs() <= HEARTBEAT_LIMIT_MS;
    return reply.code(isAlive ? 200 : 503).send({ status: isAlive ? 'ok' : 'heartbeat-stalled' });
  });
  server.get('/readyz', (_request, reply) => {
    const still = missing();
    if (still.length === 0) return reply.send({ status: 'ready' });
    return reply.code(503).send({ status: 'not-ready', missing: still });
  });
  server.get('/metrics', (_request, reply) => {
    const pieces = Readable.from(metrics.pieces(), { objectMode: false });
    return reply.type(metrics.contentType).send(pieces);
  });
}
