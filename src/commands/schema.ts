import { policyJsonSchema } from '../policy/json-schema.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** Prints the JSON Schema of the policy file. */
export function schemaCommand(terminal: Pick<Terminal, 'write'>): number {
  terminal.write(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
  return EXIT.done;
}
