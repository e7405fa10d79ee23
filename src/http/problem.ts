import type { FastifyReply } from 'fastify';

/** An error as RFC 9457 has it; `detail` says what to do. */
export interface HttpProblem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** A stable code of ours. */
  readonly code: string;
}

/** On every answer. */
export const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

export function problemText(problem: HttpProblem) {
  const headers = { 'content-type': 'application/problem+json' };
  return { headers, body: JSON.stringify({ type: 'about:blank', ...problem }) };
}

export function sendProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  const { headers, body } = problemText(problem);
  return reply.code(problem.status).headers(headers).send(body);
}
