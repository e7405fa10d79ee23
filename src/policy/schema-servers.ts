import { z } from 'zod';
import { nameText } from './schema-applications.ts';
import { secretReference } from './schema-secret.ts';
import { addressText, allowHttp, plainHttpGuard, vaultPathText, wordText } from './schema-texts.ts';

const limits = z
  .strictObject({
    concurrency: z.int().min(1).max(100).describe('Rotations under way at once. Default: 4.').optional(),
    per_second: z.int().min(1).max(1000).describe('Calls to the issuer begun per second. Default: 5.').optional(),
    credentials: z
      .int()
      .min(1)
      .describe('Quota of the instance: refuse to issue beyond. Default: no limit.')
      .optional(),
  })
  .describe('What the issuer may be burdened with.');

const issuer = z
  .strictObject({
    type: z.literal('glesys').describe('Kind of issuer: glesys.'),
    project: wordText.describe('Project the API key belongs to, as in cl12345.').optional(),
    api_key: secretReference('API key of the project.').optional(),
    instance: wordText.describe('Object-storage instance whose credentials are rotated, as in os-ab123.').optional(),
    api: addressText.describe('Base address of the API. Default: https://api.glesys.com.').optional(),
    endpoint: addressText.describe('S3 endpoint of the instance, as in https://objects.dc-sto1.glesys.net.').optional(),
    region: wordText.describe('Region that requests are signed for, as in dc-sto1.').optional(),
    limits: limits.optional(),
    allow_http: allowHttp.optional(),
  })
  .check(plainHttpGuard('api'), plainHttpGuard('endpoint'))
  .describe('One object-storage instance and how to issue credentials on it.');

export const issuersSchema = z.record(nameText, issuer).describe('The issuers, by name.');

const authMount = vaultPathText.describe("Where the method is mounted, without auth/. Default: the method's name.");
const role = wordText.describe('Role to log in as.');

const auth = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('token'), token: secretReference('The token.') }),
    z.strictObject({
      method: z.literal('approle'),
      mount: authMount.optional(),
      role_id: secretReference('RoleID.'),
      secret_id: secretReference('SecretID.'),
    }),
    z.strictObject({
      method: z.literal('kubernetes'),
      mount: authMount.optional(),
      role,
      jwt: secretReference("Token of the service account. Default: the pod's own.").optional(),
    }),
    z.strictObject({
      method: z.literal('jwt'),
      mount: authMount.optional(),
      role,
      jwt: secretReference('The JWT to log in with.'),
    }),
  ])
  .describe('How to log in to Vault.');

export const vaultSchema = z
  .strictObject({
    address: addressText.describe('Address of Vault or OpenBao, as in https://vault.example.net:8200.').optional(),
    namespace: vaultPathText.describe('Namespace that everything is in.').optional(),
    ca_file: z.string().min(1).describe('PEM file of the authority that signed its certificate.').optional(),
    mount: vaultPathText.describe('The KV v2 mount. Default: secret.').optional(),
    auth: auth.optional(),
    allow_http: allowHttp.optional(),
  })
  .check(plainHttpGuard('address'))
  .describe('Where the secrets are kept.');

export type RawIssuer = z.infer<typeof issuer>;
export type RawVault = z.infer<typeof vaultSchema>;
export type RawAuth = z.infer<typeof auth>;
