import { z } from 'zod';
import { policySchema } from './schema.ts';

/** The policy file as a JSON Schema (draft 2020-12), for editors that complete and check it while it is written. */
export function policyJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(policySchema, { io: 'input' }) };
}
