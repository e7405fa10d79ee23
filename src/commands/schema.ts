import { policyJsonSchema } from '../policy/json-schema.ts';

/** Prints the JSON Schema of the policy file. */
export function schemaCommand(write: (text: string) => void): void {
  write(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
}
