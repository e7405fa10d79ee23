import { z } from 'zod';
import { STATES } from '../telemetry/board-entry.ts';
import { applicationShape, historyShape, problemShape, summaryShape, time } from '../telemetry/shapes.ts';

/** The shapes of the API that are its own, and the names of all of them in its document. */

const count = z.int().nonnegative();

export const httpProblemShape = z
  .strictObject({
    type: z.literal('about:blank'),
    status: z.int(),
    title: z.string(),
    detail: z.string().describe('What is wrong and what to do.'),
    code: z.string().describe('Stable; the runbook has a row for it.'),
  })
  .describe('RFC 9457');

const circuitShape = z.strictObject({
  open: z.boolean().describe('Whether the server fails for everybody and is only probed.'),
  since: time.optional().describe('Since when it fails; absent while it does not.'),
  last_failure: problemShape.optional(),
});

export const issuerShape = z.strictObject({
  issuer: z.string(),
  instance: z.string(),
  credentials: z
    .strictObject({ total: count, ours: count, unclaimed: count, foreign: count, listed_at: time })
    .optional()
    .describe('At the newest list; absent before the first.'),
  limits: z.strictObject({
    credentials: count.optional().describe('With so many nothing more is issued.'),
    per_second: z.number().positive().describe('Calls begun per second at most.'),
    concurrency: z.int().positive(),
  }),
  calls_last_minute: count.describe('By this process, however they ended.'),
  circuit: circuitShape,
});

const troubleGroup = z.strictObject({
  kind: z.enum(['refused', 'failed', 'blocked', 'overdue', 'notice']),
  code: z.string(),
  count: z.int().positive(),
  since: time.optional().describe('When the first of them was seen with it.'),
  reason: z.string().describe('Of one of them.'),
  remedy: z.string().describe('For one of them.'),
  applications: z.array(z.string()).describe('The first few.'),
});

const VAULT_LOGINS = ['ok', 'none', 'failed'] as const;

export const overviewShape = z.strictObject({
  now: time,
  version: z.string(),
  owner: z.string(),
  replica: z.string(),
  started_at: time,
  missing: z.array(z.string()).describe('What is still missing before rekeyd does its work; empty: ready.'),
  can_write: z.boolean().describe('Whether the policy names a token, without which nothing is changed over HTTP.'),
  policy: z.strictObject({
    loaded_at: time,
    waits_for_restart: z
      .array(z.string())
      .optional()
      .describe('What of the policy takes effect at the next start only.'),
    rejected: z.strictObject({ at: time, message: z.string() }).optional().describe('A newer file that was refused.'),
  }),
  applications: z.strictObject({
    total: count,
    states: z.strictObject(Object.fromEntries(STATES.map((state) => [state, count])) as StateCounts),
    retired: count.describe('Of those that are refused: taken out of service on purpose, and in no trouble.'),
    held: count,
    strays: count,
    superseded: count,
  }),
  troubles: z.array(troubleGroup).describe('The worst first.'),
  next: z.strictObject({ application: z.string(), at: time, what: z.string() }).optional(),
  vault: z.strictObject({
    address: z.string(),
    login: z.enum(VAULT_LOGINS),
    problem: problemShape.optional(),
    token_expires_at: time.optional(),
    circuit: circuitShape,
  }),
  issuers: z.array(issuerShape),
});

type StateCounts = Record<(typeof STATES)[number], typeof count>;

export const listShape = z.strictObject({
  total: count.describe('How many match, on all pages.'),
  applications: z.array(applicationShape),
  next_after: z.string().optional().describe('For `after`, where there are more.'),
});
export const detailShape = applicationShape.extend({ history: historyShape });
export const issuersShape = z.strictObject({ issuers: z.array(issuerShape) });
export const healthShape = z.strictObject({ status: z.enum(['ok', 'heartbeat-stalled']) });
export const readinessShape = z.strictObject({
  status: z.enum(['ready', 'not-ready']),
  missing: z.array(z.string()).optional(),
});

/** What the stream of events sends, by the name of the event. */
export const EVENT_SHAPES = {
  overview: overviewShape,
  begin: z.strictObject({ total: count }),
  rows: z.array(summaryShape),
  end: z.strictObject({}),
} as const;

export type Overview = z.infer<typeof overviewShape>;
export type IssuerSnapshot = z.infer<typeof issuerShape>;

/** The names that the document refers to shapes by. */
export const API_SHAPES = z.registry<{ id: string }>();
const NAMED = {
  Application: applicationShape,
  ApplicationDetail: detailShape,
  ApplicationList: listShape,
  Health: healthShape,
  History: historyShape,
  Issuer: issuerShape,
  Issuers: issuersShape,
  Overview: overviewShape,
  Problem: httpProblemShape,
  Readiness: readinessShape,
  Summary: summaryShape,
} as const;
export type ShapeName = keyof typeof NAMED;
for (const [id, shape] of Object.entries(NAMED)) API_SHAPES.add(shape, { id });
