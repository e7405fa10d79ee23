import { z } from 'zod';
import { STATES } from './board-entry.ts';
import { GENERATION_FATES } from './history.ts';

/** The shapes of the JSON that status and API show; the API's document is made from them. Nothing secret has a place. */

export const time = z.iso.datetime().describe('ISO 8601, UTC');
const maybe = time.optional();

export const problemShape = z.strictObject({
  code: z.string().describe('Stable; the runbook has a row for it.'),
  reason: z.string(),
  remedy: z.string().describe('What a person should do.'),
});

export const TROUBLE_KINDS = ['refused', 'blocked', 'failed'] as const;

export const stateShape = z.enum(STATES).describe('The first that applies, from `rotating` over the troubles on.');

const superseded = z.strictObject({
  credential_id: z.string(),
  access_key_id: z.string(),
  instance: z.string(),
  revoke_at: maybe.nullable().describe('null: only a person revokes it.'),
  why: z.string(),
});

const current = z.strictObject({
  credential_id: z.string(),
  access_key_id: z.string(),
  instance: z.string(),
  issued_at: maybe,
  published_at: maybe,
  adopted: z.boolean(),
});

export const applicationShape = z.strictObject({
  application: z.string(),
  issuer: z.string(),
  path: z.string().describe('Below the KV mount.'),
  state: stateShape,
  generation: z.int().positive().optional(),
  current: current.optional(),
  rotate_at: maybe,
  overdue_seconds: z.int().nonnegative(),
  grace_seconds: z.number().nonnegative().optional(),
  superseded: z.array(superseded),
  strays: z.int().nonnegative().optional(),
  hold: z.strictObject({ until: maybe, by: z.string(), why: z.string() }).optional(),
  trouble: problemShape.extend({ kind: z.enum(TROUBLE_KINDS), since: maybe }).optional(),
  failures: z.int().nonnegative().describe('Failed or blocked passes in a row.'),
  notices: z.array(problemShape),
  next_at: maybe,
  next: z.string().optional().describe('What happens at next_at.'),
  last_success_at: maybe,
  seen_at: maybe,
});

export const summaryShape = z.strictObject({
  application: z.string(),
  issuer: z.string(),
  path: z.string().describe('Below the KV mount.'),
  state: stateShape,
  generation: z.int().positive().optional(),
  access_key_id: z.string().optional(),
  published_at: maybe,
  rotate_at: maybe,
  next_at: maybe,
  next: z.string().optional(),
  superseded: z.int().positive().optional().describe('How many earlier credentials still live or may live.'),
  superseded_access_key_ids: z.array(z.string()).optional().describe('Theirs.'),
  revoke_at: maybe.describe('When the next of them is revoked.'),
  strays: z.int().positive().optional(),
  held_until: maybe,
  code: z.string().optional().describe('Of its trouble.'),
  since: maybe.describe('When that trouble was first seen.'),
  notices: z.array(z.string()).optional().describe('Codes.'),
});

const generation = z.strictObject({
  generation: z.int().positive().optional(),
  access_key_id: z.string(),
  fate: z.enum(GENERATION_FATES),
  issued_at: maybe,
  verified_at: maybe,
  published_at: maybe,
  superseded_at: maybe,
  revoke_at: maybe.nullable().describe('null: only a person revokes it.'),
  revoked_at: maybe,
});

export const historyShape = z.strictObject({
  since: time.describe('Since when this process has watched; what is older comes from the record in Vault.'),
  generations: z.array(generation).describe('Newest first.'),
  troubles: z.array(
    z.strictObject({ at: time, event: z.string(), code: z.string().optional(), reason: z.string().optional() }),
  ),
  coming: z.array(z.strictObject({ at: time, what: z.string(), access_key_id: z.string().optional() })),
});

export type ApplicationSnapshot = z.infer<typeof applicationShape>;
export type ApplicationSummary = z.infer<typeof summaryShape>;
export type HistorySnapshot = z.infer<typeof historyShape>;
