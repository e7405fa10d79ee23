import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Trouble } from '../rotation/outcome.ts';
import type { BoardEntry } from '../telemetry/board-entry.ts';
import { chronicleOf } from '../telemetry/chronicle.ts';
import { stateShape } from '../telemetry/shapes.ts';
import { historyOf, snapshotOf } from '../telemetry/snapshot.ts';
import { badRequest, type Doors } from './guard.ts';
import type { HttpOptions } from './options.ts';
import { type HttpProblem, sendProblem } from './problem.ts';

interface OfApplication {
  Params: { name: string };
}

const MOST = 10_000;

/** What the list may be asked for; several states are separated by commas. */
export const listQuery = z.strictObject({
  q: z.string().max(200).optional().describe('Text in the name, the path, the access key id or the code.'),
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(stateShape))
    .optional()
    .describe('One state, or several separated by commas.'),
  issuer: z.string().optional(),
  after: z.string().optional().describe('The name that the page before ended with.'),
  limit: z.coerce.number().int().min(1).max(MOST).optional().describe('All, where it is missing.'),
});
type ListQuery = z.infer<typeof listQuery>;

/** How applications stand, and rotating one. */
export function addApplications(server: FastifyInstance, options: HttpOptions, { reading, writing }: Doors): void {
  const { board, history, now, rotate } = options;
  server.get('/api/v1/applications', reading, (request, reply) => {
    const query = listQuery.safeParse(request.query);
    if (!query.success) return sendProblem(reply, badRequest(z.prettifyError(query.error)));
    return reply.send(pageOf(board.entries(now()), query.data));
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
function pageOf(entries: readonly BoardEntry[], { after, limit = entries.length, ...query }: ListQuery) {
  const begin = entries.findIndex(({ application }) => application === after) + 1;
  const isMatch = (entry: BoardEntry) => matches(entry, query);
  const rest = entries.slice(begin).filter(isMatch);
  const page = rest.slice(0, limit);
  return {
    total: begin === 0 ? rest.length : entries.filter(isMatch).length,
    applications: page.map(snapshotOf),
    next_after: page.length < rest.length ? page.at(-1)?.application : undefined,
  };
}

function matches(entry: BoardEntry, { q, state, issuer }: Pick<ListQuery, 'q' | 'state' | 'issuer'>): boolean {
  if (state && !state.includes(entry.state)) return false;
  if (issuer !== undefined && entry.issuer !== issuer) return false;
  if (q === undefined) return true;
  const texts = [entry.application, entry.path, entry.view?.current?.accessKeyId, entry.trouble?.code];
  return texts.some((text) => text?.toLowerCase().includes(q.toLowerCase()));
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
