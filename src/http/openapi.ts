import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { listQuery } from './applications.ts';
import type { Doors } from './guard.ts';
import type { HttpOptions } from './options.ts';
import { API_SHAPES, EVENT_SHAPES, type ShapeName } from './shapes.ts';

/** One operation, as the document describes it. */
interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly answers: Readonly<Record<number, ShapeName | { readonly type: string; readonly says: string }>>;
  /** What problems it may answer with, beside those that every route may. */
  readonly problems?: readonly number[];
  readonly access: 'open' | 'reading' | 'writing';
  readonly query?: z.ZodObject;
}

/** Everything under this server but the files of the page. A test holds that nothing is missing. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /healthz': {
    id: 'health',
    summary: 'Whether the process lives.',
    answers: { 200: 'Health', 503: 'Health' },
    access: 'open',
  },
  'GET /readyz': {
    id: 'readiness',
    summary: 'Whether it has logged in and looked at everything once.',
    answers: { 200: 'Readiness', 503: 'Readiness' },
    access: 'open',
  },
  'GET /metrics': {
    id: 'metrics',
    summary: 'Numbers for Prometheus.',
    answers: { 200: { type: 'text/plain', says: 'The text format of Prometheus.' } },
    access: 'open',
  },
  'GET /api/v1/openapi.json': {
    id: 'document',
    summary: 'This document.',
    answers: { 200: { type: 'application/json', says: 'OpenAPI 3.1.' } },
    problems: [403, 429],
    access: 'open',
  },
  'GET /api/v1/overview': {
    id: 'overview',
    summary: 'Everything at a glance: counts, what is wrong, what comes next, Vault, issuers, the policy in force.',
    answers: { 200: 'Overview' },
    access: 'reading',
  },
  'GET /api/v1/issuers': {
    id: 'issuers',
    summary: 'The issuers, with their credentials and limits.',
    answers: { 200: 'Issuers' },
    access: 'reading',
  },
  'GET /api/v1/applications': {
    id: 'applications',
    summary: 'How the applications stand, in the order of the policy.',
    answers: { 200: 'ApplicationList' },
    problems: [400],
    access: 'reading',
    query: listQuery,
  },
  'GET /api/v1/applications/{name}': {
    id: 'application',
    summary: 'How one application stands, its past and its plan.',
    answers: { 200: 'ApplicationDetail' },
    problems: [404],
    access: 'reading',
  },
  'POST /api/v1/applications/{name}/rotate': {
    id: 'rotate',
    summary: 'Rotates an application at once. Answers when that has ended. Lifts no refusal.',
    answers: { 200: 'Application' },
    problems: [404, 409],
    access: 'writing',
  },
  'GET /api/v1/events': {
    id: 'events',
    summary: 'What changes, as it changes: server-sent events.',
    answers: { 200: { type: 'text/event-stream', says: eventsInWords() } },
    problems: [503],
    access: 'reading',
  },
};

const PROBLEMS_OF = { open: [], reading: [401, 403, 429], writing: [401, 403, 429] } as const;

export function addOpenApi(server: FastifyInstance, { site }: HttpOptions, { open }: Doors): void {
  // made for whoever asks first: at a start nobody does
  let text: string | undefined;
  server.get('/api/v1/openapi.json', open, (_request, reply) => {
    text ??= JSON.stringify(openApiDocument(site.version));
    return reply.type('application/json').send(text);
  });
}

/** The document of the API, made from the shapes of its answers. */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [route, operation] of Object.entries(OPERATIONS)) {
    const [method = '', path = ''] = route.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: described(path, operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'rekeyd', version, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemas(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token of `http.token`. On loopback reading needs none.',
        },
      },
    },
  };
}

function described(path: string, { id, summary, answers, problems = [], access, query }: Operation) {
  const all = [...problems, ...PROBLEMS_OF[access]];
  const parameters = [...pathParameters(path), ...(query ? queryParameters(query) : [])];
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(access !== 'open' && { security: access === 'writing' ? [{ token: [] }] : [{}, { token: [] }] }),
    responses: Object.fromEntries([
      ...Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)]),
      ...all.map((status) => [status, { description: 'A problem.', content: problemContent }]),
      ['default', { description: 'A problem.', content: problemContent }],
    ]),
  };
}

const refTo = (name: ShapeName) => ({ $ref: `#/components/schemas/${name}` });
const problemContent = { 'application/problem+json': { schema: refTo('Problem') } };

function responseOf(answer: Operation['answers'][number]) {
  if (typeof answer === 'string') {
    return { description: answer, content: { 'application/json': { schema: refTo(answer) } } };
  }
  return { description: answer.says, content: { [answer.type]: { schema: { type: 'string' } } } };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject): object[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema as { description?: string };
    return { name, in: 'query', required: false, description, schema: rest };
  });
}

function schemas(): Record<string, unknown> {
  const made = z.toJSONSchema(API_SHAPES, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(made.schemas).map(([name, { $schema, $id, ...schema }]) => [name, schema]));
}

function eventsInWords(): string {
  const names = Object.keys(EVENT_SHAPES).map((name) => `\`${name}\``);
  return (
    `Events ${names.join(', ')}: first an \`overview\` (Overview), then all rows (Summary) between \`begin\` and ` +
    '`end`, the worst first; then `rows` of what changed and an `overview` every few seconds. Another `begin` means ' +
    'that everything is sent anew.'
  );
}
