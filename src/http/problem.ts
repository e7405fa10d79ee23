import type { FastifyReply } from 'fastify';

/** An error as RFC 9457 has it; `detail` says what to do. */
export interface HttpProblem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** A stable code of ours. */
  readonly code: string;
}

export function sendProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', ...problem }));
}
