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
      { error: (issue) => mistakeAbout(issue) },
    )
    .check((context) => {
      const { env, file } = context.value;
      if ((env === undefined) !== (file === undefined)) return;
      const message = env === undefined ? `must say where the secret is: ${WAYS}` : `only one of env and file: ${WAYS}`;
      context.issues.push({ code: 'custom', message, input: context.value });
    })
    .meta({ description, oneOf: [{ required: ['env'] }, { required: ['file'] }] });
}

function mistakeAbout(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return inlineMistake(issue.input);
  // `{ the-secret-itself }` is a mapping with that key
  return issue.code === 'unrecognized_keys' ? issue.keys.map(() => `unknown key; ${WAYS}`).join('\n') : undefined;
}

function inlineMistake(input: unknown): string | undefined {
  return input == null ? undefined : `a secret is never written into the policy; ${WAYS}`;
}
