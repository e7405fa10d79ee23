import { maxHeaderSize } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { checkHost } from './access.ts';
import type { HttpOptions } from './options.ts';
import { HEADERS, type HttpProblem, problemText, sendProblem } from './problem.ts';

/** Requests that no route ever sees, because the server cannot read or the framework cannot place them. */

/** Nothing that is sent here needs a body. In bytes. */
export const BODY_LIMIT = 1024;
/** Of a part of a path that names something. In characters. */
export const NAME_LIMIT = 100;

const kib = (bytes: number) => `${bytes / 1024} KiB`;

const BAD_REQUEST: HttpProblem = {
  status: 400,
  title: 'Bad request',
  code: 'bad-request',
  detail: 'The request could not be understood.',
};

const PROBLEMS: readonly HttpProblem[] = [
  BAD_REQUEST,
  {
    status: 408,
    title: 'Request timeout',
    code: 'too-slow',
    detail: 'The request took too long to come. Send it anew.',
  },
  {
    status: 413,
    title: 'Content too large',
    code: 'body-too-large',
    detail: `A body may have ${kib(BODY_LIMIT)}; nothing needs one. Send none.`,
  },
  {
    status: 414,
    title: 'URI too long',
    code: 'name-too-long',
    detail: `A name in the path may have ${NAME_LIMIT} characters; an application’s never has more than 63.`,
  },
  {
    status: 415,
    title: 'Unsupported media type',
    code: 'wrong-media-type',
    detail: 'A body may be application/json or text/plain; nothing needs one. Send none.',
  },
  {
    status: 431,
    title: 'Request header fields too large',
    code: 'headers-too-large',
    detail: `The address and all headers may have ${kib(maxHeaderSize)} together.`,
  },
];

/** A request whose parts do not say what they should; `detail` says which. */
export function badRequest(detail: string): HttpProblem {
  return { ...BAD_REQUEST, detail };
}

/** What is wrong with a request that was given this status. */
export function requestProblem(status: number): HttpProblem {
  return PROBLEMS.find((problem) => problem.status === status) ?? { ...BAD_REQUEST, status };
}

/** Answers what could not be placed. No hook ever hears of it, so what holds for every request is done here too. */
export function placeless({ listen }: Pick<HttpOptions, 'listen'>) {
  return (error: { readonly statusCode?: number }, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = checkHost(listen.host, request.headers.host) ?? requestProblem(error.statusCode ?? 400);
    sendProblem(reply.headers(HEADERS), problem);
  };
}

const STATUS_OF: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** Answers what could not even be read, and ends the connection: where the next request begins, nobody knows. */
export function answerUnreadable({ code = '' }: { readonly code?: string }, socket: Duplex): void {
  // what still comes after the answer was begun cannot be read either
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const problem = requestProblem(STATUS_OF[code] ?? 400);
  const text = problemText(problem);
  const headers = { ...HEADERS, ...text.headers, 'content-length': Buffer.byteLength(text.body), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const answer = `HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${text.body}`;
  socket.end(answer, () => socket.destroy());
}
