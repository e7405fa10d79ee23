import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from '../rotation/errors.ts';
import { sentence } from '../rotation/sentence.ts';
import { checkHost, checkReader, checkSite, checkWriter } from './access.ts';
import { Methods, wrongMethod } from './methods.ts';
import type { HttpOptions } from './options.ts';
import { HEADERS, type HttpProblem, sendProblem } from './problem.ts';
import { ALLOWANCES, clientOf, RateLimit } from './rate.ts';
import { requestProblem } from './unread.ts';

/** What holds for every request: who may ask by which name, by which method, and how errors are told. */
export function guard(server: FastifyInstance, { listen, onError }: HttpOptions): void {
  const methods = new Methods();
  server.addHook('onRoute', (route) => methods.note(route));
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    const { host, 'sec-fetch-site': site } = request.headers;
    const problem = checkHost(listen.host, host) ?? checkSite(request.routeOptions.url, site);
    if (problem) return sendProblem(reply, problem);
    // before its body is read: what may be wrong with that matters only where it would be taken
    const others = request.is404 ? methods.at(request.url) : [];
    return others.length > 0 ? sendProblem(reply.header('allow', others.join(', ')), wrongMethod(others)) : undefined;
  });
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, NOT_FOUND));
  server.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendProblem(reply, requestProblem(status));
    onError?.(error);
    const problem = problemOf(error);
    const { code } = problem;
    return sendProblem(reply, { status, title: 'Internal error', code, detail: sentence(problem) });
  });
}

const NOT_FOUND: HttpProblem = {
  status: 404,
  title: 'Not found',
  code: 'not-found',
  detail: 'GET /api/v1/openapi.json names what there is.',
};

export interface Guarded {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;
}

/** How routes are guarded: what everybody may have, what needs the right to read, and what needs the right to write. */
export interface Doors {
  readonly open: Guarded;
  readonly reading: Guarded;
  readonly writing: Guarded;
}

/**
 * Each client may ask so much; who sends a wrong token is slowed down as much as who writes. Tokens are read meanwhile,
 * so what a guess comes to is told only if there is one left then: those sent together are no more than those in turn.
 */
export function doorsOf({ listen, token, allowances }: HttpOptions): Doors {
  const reads = new RateLimit(allowances?.read ?? ALLOWANCES.read);
  const writes = new RateLimit(allowances?.write ?? ALLOWANCES.write);
  const guardedBy = (limit: RateLimit, check: Check): Guarded => ({
    onRequest: async (request, reply) => {
      const client = clientOf(request.ip);
      const isTry = limit !== writes && request.headers.authorization !== undefined;
      const seconds = limit.take(client) || (isTry ? writes.wait(client) : 0);
      if (seconds > 0) return sendTooMany(reply, seconds);
      const problem = await check(request.headers.authorization);
      const isWrong = problem?.status === 401;
      const left = isTry ? (isWrong ? writes.take(client) : writes.wait(client)) : 0;
      if (left > 0) return sendTooMany(reply, left);
      if (isWrong) reply.header('www-authenticate', 'Bearer realm="rekeyd"');
      return problem && sendProblem(reply, problem);
    },
  });
  return {
    open: guardedBy(reads, async () => undefined),
    reading: guardedBy(reads, (authorization) => checkReader(listen.host, token, authorization)),
    writing: guardedBy(writes, (authorization) => checkWriter(token, authorization)),
  };
}

type Check = (authorization: string | undefined) => Promise<HttpProblem | undefined>;

function sendTooMany(reply: FastifyReply, seconds: number): FastifyReply {
  const detail = `This address asked too much; ask again in ${seconds} s. Health and metrics are not limited.`;
  const problem = { status: 429, title: 'Too many requests', code: 'too-many-requests', detail };
  return sendProblem(reply.header('retry-after', seconds), problem);
}
