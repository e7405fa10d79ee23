import { z } from 'zod';
import { DURATION_PATTERN } from './duration.ts';
import { fieldMistakes, PLACEHOLDERS } from './fields.ts';
import { cronText, durationText, evenIfBroken, patternText, timezoneText, vaultPathText } from './schema-texts.ts';

const NAME_WANTED = 'a name has 1 to 63 of a-z, 0-9, ".", "_" and "-", the first a letter or digit';

/** Names of applications and issuers. */
export const nameText = patternText(/^[a-z0-9][a-z0-9._-]{0,62}$/, NAME_WANTED);

export const ownerText = patternText(/^[a-z0-9-]{1,32}$/, 'it has 1 to 32 of a-z, 0-9 and "-"');

/** `rotate: 30d` is what many write first. */
function notAMapping({ input }: { readonly input?: unknown }): string | undefined {
  if (typeof input !== 'string') return undefined;
  return `must be a mapping, not a text; write ${DURATION_PATTERN.test(input) ? `{ every: ${input} }` : '{ every: 30d } or { cron: "0 3 1 * *" }'}`;
}

const rotate = z
  .strictObject(
    {
      every: durationText('positive')
        .describe('Period: rotate so long after the last publish. Default: 30d.')
        .optional(),
      cron: cronText.describe('Instead of every: five cron fields, rotated at the next such date.').optional(),
      timezone: timezoneText.describe('IANA time zone of cron and window. Default: UTC.').optional(),
      jitter: durationText().describe('Up to so much later, different for each application and rotation.').optional(),
      window: cronText.describe('Cron pattern of the minutes in which a scheduled rotation may start.').optional(),
    },
    { error: notAMapping },
  )
  .refine(({ every, cron }) => every === undefined || cron === undefined, {
    ...evenIfBroken,
    path: ['cron'],
    error: 'give either every or cron, not both',
  })
  .meta({ description: 'When to rotate.', not: { required: ['every', 'cron'] } });

const bucket = patternText(/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,62}$/, 'it is not the name of a bucket');

const verify = z
  .strictObject({
    timeout: durationText('positive').describe('How long a new key may take until it works. Default: 60s.').optional(),
    successes: z.int().min(1).max(100).describe('Successes in a row that are wanted. Default: 2.').optional(),
    buckets: z.array(bucket).describe('Buckets that must answer HeadBucket besides ListBuckets.').optional(),
  })
  .describe('How a new credential is tried before it is published.');

const grace = durationText().describe('How long the previous credential lives on. Default: 24h.');

const consumers = z
  .strictObject({
    refresh: durationText().describe('How long a consumer may keep what it read. Default: 1h.').optional(),
  })
  .describe('What is known of those who read the secret.');

/** Without quotes, YAML reads braces as a mapping. */
function notQuoted({ input }: { readonly input?: unknown }): string | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const [name] = Object.keys(input);
  return `must be a text, not a mapping; quote it, as in ${JSON.stringify(`{${name !== undefined && PLACEHOLDERS.includes(name) ? name : 'access_key_id'}}`)}`;
}

const template = z
  .string({ error: notQuoted })
  .nullable()
  .describe(
    'Text with {access_key_id}, {endpoint} or {region}, or exactly {secret_access_key}; null: written no longer',
  );

const fields = z
  .record(z.string(), template)
  .check((context) => {
    for (const { field, message } of fieldMistakes(context.value)) {
      const path = field === '' ? [] : [field];
      context.issues.push({ code: 'custom', message, input: context.value, path });
    }
  })
  .describe('Fields of the secret. Default: access_key_id, secret_access_key, endpoint and region.');

const ADOPT_MISTAKE = 'must be true, false or old-owner/old-name, whose record is to be taken over';

const adopt = z
  .union([z.boolean(), z.string().regex(/^[a-z0-9-]{1,32}\/[a-z0-9][a-z0-9._-]{0,62}$/, { error: ADOPT_MISTAKE })], {
    error: ADOPT_MISTAKE,
  })
  .describe('true: take over a hand-made secret; old-owner/old-name: take over that record. Default: false.');

/** What every application inherits unless it says otherwise. */
export const defaultsSchema = z
  .strictObject({
    rotate: rotate.optional(),
    grace: grace.optional(),
    verify: verify.optional(),
    consumers: consumers.optional(),
    fields: fields.optional(),
  })
  .describe('What every application inherits unless it says otherwise.');

const applicationSchema = z
  .strictObject({
    issuer: nameText.describe('Name of one of the issuers.'),
    path: vaultPathText.describe('Path of its secret below the KV mount, as in apps/billing/s3.'),
    rotate: rotate.optional(),
    grace: grace.optional(),
    verify: verify.optional(),
    adopt: adopt.optional(),
    consumers: consumers.optional(),
    fields: fields.optional(),
  })
  .describe('One application and its secret.');

export const applicationsSchema = z.record(nameText, applicationSchema).describe('The applications, by name.');

export type RawApplication = z.infer<typeof applicationSchema>;
export type RawDefaults = z.infer<typeof defaultsSchema>;
export type RawRotate = z.infer<typeof rotate>;
