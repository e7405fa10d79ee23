import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from '../rotation/errors.ts';
import { checkHost, checkReader, checkWriter } from './access.ts';
import type { HttpOptions } from './options.ts';
import { type HttpProblem, sendProblem } from './problem.ts';
import { ALLOWANCES, RateLimit } from './rate.ts';

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** What holds for every request: who may ask by which name, and how errors are told. */
export function guard(server: FastifyInstance, { listen, onError }: HttpOptions): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    const problem = checkHost(listen.host, request.headers.host);
    return problem && sendProblem(reply, problem);
  });
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, NOT_FOUND));
  server.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return sendProblem(reply, { ...BAD_REQUEST, status });
    onError?.(error);
    const { code, reason, remedy } = problemOf(error);
    return sendProblem(reply, { status, title: 'Internal error', code, detail: `${reason}. ${remedy}` });
  });
}

const NOT_FOUND: HttpProblem = {
  status: 404,
  title: 'Not found',
  code: 'not-found',
  detail: 'GET /api/v1/openapi.json names what there is.',
};

const BAD_REQUEST: HttpProblem = {
  status: 400,
  title: 'Bad request',
  code: 'bad-request',
  detail: 'The request could not be understood.',
};

/** A request whose parts do not say what they should; `detail` says which. */
export function badRequest(detail: string): HttpProblem {
  return { ...BAD_REQUEST, detail };
}

export interface Guarded {
  readonly onRequest: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;
}

/** How routes are guarded: what everybody may have, what needs the right to read, and what needs the right to write. */
export interface Doors {
  readonly open: Guarded;
  readonly reading: Guarded;
  readonly writing: Guarded;
}

/** Each client may ask so much; who sends a wrong token is slowed down as much as who writes. */
export function doorsOf({ listen, token, allowances }: HttpOptions): Doors {
  const reads = new RateLimit(allowances?.read ?? ALLOWANCES.read);
  const writes = new RateLimit(allowances?.write ?? ALLOWANCES.write);
  const guardedBy = (limit: RateLimit, check: Check): Guarded => ({
    onRequest: async (request, reply) => {
      const seconds = limit.take(request.ip) || (limit === writes ? 0 : guesses(request, writes));
      if (seconds > 0) return sendProblem(reply.header('retry-after', seconds), tooMany(seconds));
      const problem = await check(request.headers.authorization);
      if (problem?.status === 401) {
        reply.header('www-authenticate', 'Bearer realm="rekeyd"');
        if (request.headers.authorization !== undefined && limit !== writes) writes.take(request.ip);
      }
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

/** Whoever used up what may be written may not go on trying tokens either. */
function guesses({ headers, ip }: FastifyRequest, writes: RateLimit): number {
  return headers.authorization === undefined ? 0 : writes.wait(ip);
}

function tooMany(seconds: number): HttpProblem {
  const detail = `This address asked too much; ask again in ${seconds} s. Health and metrics are not limited.`;
  return { status: 429, title: 'Too many requests', code: 'too-many-requests', detail };
}
