import { z } from 'zod';

const WAYS = 'write { env: VARIABLE } or { file: /path }';

/**
 * A reference to a secret. No message of this schema shows what was written: it may be the secret itself, put in the
 * wrong place.
 */
export function secretReference(description: string) {
  return z
    .strictObject(
      {
        env: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
            error: 'must be the name of an environment variable: letters, digits and "_"',
          })
          .describe('Name of the environment variable that holds it.')
          .optional(),
        file: z
          .string()
          .min(1)
          .describe('File that holds it, absolute or beside the policy file; read again whenever it is needed.')
          .optional(),
      },
      { error: ({ input, code }) => (code === 'invalid_type' ? inlineMistake(input) : undefined) },
    )
    .check((context) => {
      const { env, file } = context.value;
      if ((env === undefined) !== (file === undefined)) return;
      const message = env === undefined ? `must say where the secret is: ${WAYS}` : `only one of env and file: ${WAYS}`;
      context.issues.push({ code: 'custom', message, input: context.value });
    })
    .meta({ description, oneOf: [{ required: ['env'] }, { required: ['file'] }] });
}

function inlineMistake(input: unknown): string | undefined {
  return input == null ? undefined : `a secret is never written into the policy; ${WAYS}`;
}
