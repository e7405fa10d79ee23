import { z } from 'zod';
import { applicationsSchema, defaultsSchema, ownerText } from './schema-applications.ts';
import { secretReference } from './schema-secret.ts';
import { issuersSchema, vaultSchema } from './schema-servers.ts';
import {
  addressText,
  allowHttp,
  durationText,
  listenText,
  patternText,
  plainHttpGuard,
  standInText,
} from './schema-texts.ts';
import { WEBHOOK_CHOICES } from './webhook-events.ts';

const scheduler = z
  .strictObject({
    resync: durationText('positive').describe('How often everything is looked at anew. Default: 5m.').optional(),
    spread: durationText().describe('Replicas wait a share of it before they act. Default: 10s.').optional(),
  })
  .describe('How the schedule is followed.');

const http = z
  .strictObject({
    listen: listenText.describe('host:port of health, metrics and status. Default: 127.0.0.1:8080.').optional(),
    token: secretReference('Bearer token: off loopback nothing but health and metrics is shown without it.').optional(),
  })
  .describe('The HTTP server of the daemon.');

const log = z
  .strictObject({
    level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).describe('Default: info.').optional(),
  })
  .describe('What is logged.');

const webhook = z
  .strictObject({
    url: addressText.describe('Where events are sent.'),
    secret: secretReference('Signs what is sent: whsec_ and the base64 of 24 to 64 bytes.'),
    events: z
      .array(z.enum(WEBHOOK_CHOICES))
      .min(1)
      .describe('Events to send, as they are called in the log; rotation.* are all of a kind, * are all.'),
    after: z
      .int()
      .min(1)
      .max(1000)
      .describe('An application that fails is told of after so many failures in a row, once. Default: 1.')
      .optional(),
    allow_http: allowHttp.optional(),
  })
  .check(plainHttpGuard('url'))
  .describe('Somebody who is told of events.');

const sandbox = z
  .strictObject({
    glesys: standInText.describe('host:port of the stand-in for the GleSYS API. Default: 127.0.0.1:0.').optional(),
    s3: standInText.describe('host:port of the stand-in for S3. Default: 127.0.0.1:0.').optional(),
    vault: standInText.describe('host:port of the stand-in for Vault. Default: 127.0.0.1:0.').optional(),
    consumers: z.boolean().describe('Run a simulated consumer per application. Default: false.').optional(),
  })
  .describe('Try rekeyd out: embedded stand-ins for what the policy leaves out.');

/** The whole policy file. It only judges: what is left out is filled in when the policy is built. */
export const policySchema = z
  .strictObject({
    owner: ownerText.describe(
      'Marks what this deployment issues, as in acme-prod; never share it between deployments.',
    ),
    issuers: issuersSchema,
    vault: vaultSchema.optional(),
    defaults: defaultsSchema.optional(),
    applications: applicationsSchema.optional(),
    scheduler: scheduler.optional(),
    http: http.optional(),
    log: log.optional(),
    webhooks: z.array(webhook).describe('Who is told of events.').optional(),
    include: z
      .array(patternText(/^[^\p{Cc}]+$/u, 'it is the name of a file, or a pattern such as apps/*.yaml'))
      .describe('Files with more applications, beside this one; may contain * and **.')
      .optional(),
    sandbox: sandbox.optional(),
  })
  .meta({
    title: 'rekeyd policy',
    description: 'What rekeyd rotates, when, and where it publishes it.',
    anyOf: [{ required: ['vault'] }, { required: ['sandbox'] }],
  });

/** A file that `include` names. */
export const includeSchema = z
  .strictObject({ applications: applicationsSchema })
  .describe('More applications of a policy.');

export type RawPolicy = z.infer<typeof policySchema>;
