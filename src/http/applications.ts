import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Trouble } from '../rotation/outcome.ts';
import { sentence } from '../rotation/sentence.ts';
import type { BoardEntry } from '../telemetry/board-entry.ts';
import { chronicleOf } from '../telemetry/chronicle.ts';
import { stateShape } from '../telemetry/shapes.ts';
import { historyOf, snapshotOf } from '../telemetry/snapshot.ts';
import type { Doors } from './guard.ts';
import type { HttpOptions } from './options.ts';
import { type HttpProblem, sendProblem } from './problem.ts';
import { isFound } from './search.ts';
import { badRequest } from './unread.ts';

interface OfApplication {
  Params: { name: string };
}

/** On one page: an answer of a hundred thousand would not fit into the memory that a daemon of so many needs. */
const MOST = 10_000;

/** What the list may be asked for; several states are separated by commas. */
export const listQuery = z.strictObject({
  q: z
    .string()
    .max(200)
    .optional()
    .describe(
      'Words, each of which stands in the name, the path, the issuer, an access key id that is current or superseded, or the code of the trouble or a notice.',
    ),
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(stateShape))
    .optional()
    .describe('One state, or several separated by commas.'),
  issuer: z.string().optional(),
  after: z.string().optional().describe('The name that the page before ended with.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST)
    .default(MOST)
    .describe(`On one page; ${MOST} where it is missing. Where there are more, next_after is there.`),
});
type ListQuery = z.infer<typeof listQuery>;

/** How applications stand, and rotating one. */
export function addApplications(server: FastifyInstance, options: HttpOptions, { reading, writing }: Doors): void {
  const { board, history, now, rotate } = options;
  server.get('/api/v1/applications', reading, (request, reply) => {
    const query = listQuery.safeParse(request.query);
    if (!query.success) return sendProblem(reply, badRequest(z.prettifyError(query.error)));
    return reply.send(pageOf(board, now(), query.data));
  });
  server.get<OfApplication>('/api/v1/applications/:name', reading, (request, reply) => {
    const entry = board.entry(request.params.name, now());
    if (!entry) return sendProblem(reply, noSuchApplication);
    return reply.send({ ...snapshotOf(entry), history: historyOf(chronicleOf(entry, history)) });
  });
  server.post<OfApplication>('/api/v1/applications/:name/rotate', writing, async (request, reply) => {
    const { name } = request.params;
    if (!board.has(name)) return sendProblem(reply, noSuchApplication);
    const { trouble } = await rotate(name);
    if (trouble) return sendProblem(reply, notRotated(trouble));
    const entry = board.entry(name, now());
    return entry ? reply.send(snapshotOf(entry)) : sendProblem(reply, noSuchApplication);
  });
}

/** The place is counted in all, matching or not: what stands on a page may change until the next is asked for. */
function pageOf(board: HttpOptions['board'], now: number, { after = '', limit, ...query }: ListQuery) {
  const page: BoardEntry[] = [];
  let isBefore = board.has(after);
  let [total, rest] = [0, 0];
  for (const entry of board.each(now)) {
    if (matches(entry, query)) {
      total += 1;
      if (!isBefore) rest += 1;
      if (!isBefore && page.length < limit) page.push(entry);
    }
    if (entry.application === after) isBefore = false;
  }
  const nextAfter = page.length < rest ? page.at(-1)?.application : undefined;
  return { total, applications: page.map(snapshotOf), next_after: nextAfter };
}

function matches(entry: BoardEntry, { q, state, issuer }: Pick<ListQuery, 'q' | 'state' | 'issuer'>): boolean {
  if (state && !state.includes(entry.state)) return false;
  if (issuer !== undefined && entry.issuer !== issuer) return false;
  return q === undefined || isFound(entry, q);
}

const noSuchApplication: HttpProblem = {
  status: 404,
  title: 'Not found',
  code: 'no-such-application',
  detail: 'The policy has no application of that name; GET /api/v1/applications lists them all.',
};

function notRotated(trouble: Trouble): HttpProblem {
  return { status: 409, title: 'Not rotated', code: trouble.code, detail: sentence(trouble) };
}
