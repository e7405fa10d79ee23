import { resolve } from 'node:path';
import { baseUrl } from './address.ts';
import type { StandIns } from './draft.ts';
import type { IssuerPolicy, SecretReference, VaultAuth, VaultPolicy } from './policy.ts';
import type { RawAuth, RawIssuer, RawVault } from './schema-servers.ts';

const GLESYS_API = 'https://api.glesys.com';
/** Where Vault's KV engine is mounted unless the policy says otherwise. */
export const DEFAULT_MOUNT = 'secret';
const SANDBOX_REGION = 'sandbox';
const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** A secret reference as the schema lets it through. */
export interface RawSecret {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
}

/** A file stands beside the policy file, unless its path is absolute. */
export function secretReferenceOf(raw: RawSecret, folder: string): SecretReference {
  return raw.env === undefined ? { file: resolve(folder, raw.file ?? '') } : { env: raw.env };
}

/** What an issuer must say unless stand-ins say it. */
export const ISSUER_NEEDS = ['project', 'api_key', 'instance', 'endpoint', 'region'] as const;
export const VAULT_NEEDS = ['address', 'auth'] as const;

/** An issuer of the policy; what it leaves out comes from the stand-ins. Throws a `TypeError` where neither says it. */
export function issuerOf(name: string, raw: RawIssuer, folder: string, standIns: StandIns | undefined): IssuerPolicy {
  const { concurrency = 4, per_second: perSecond = 5, credentials } = raw.limits ?? {};
  return {
    name,
    type: raw.type,
    project: needed(raw.project ?? standIns?.project),
    apiKey: raw.api_key ? secretReferenceOf(raw.api_key, folder) : { made: needed(standIns?.apiKey) },
    instance: needed(raw.instance ?? standIns?.instanceFor(name)),
    api: baseUrl(raw.api ?? standIns?.glesys ?? GLESYS_API),
    endpoint: baseUrl(needed(raw.endpoint ?? standIns?.s3)),
    region: needed(raw.region ?? (standIns && SANDBOX_REGION)),
    limits: { concurrency, perSecond, ...(credentials !== undefined && { credentials }) },
  };
}

/** Vault as the policy or the stand-ins have it. Throws a `TypeError` where neither says something that is needed. */
export function vaultOf(raw: RawVault, folder: string, standIns: StandIns | undefined): VaultPolicy {
  return {
    address: baseUrl(needed(raw.address ?? standIns?.vault)),
    ...(raw.namespace !== undefined && { namespace: raw.namespace }),
    ...(raw.ca_file !== undefined && { caFile: resolve(folder, raw.ca_file) }),
    mount: raw.mount ?? DEFAULT_MOUNT,
    auth: raw.auth ? authOf(raw.auth, folder) : standInAuth(needed(standIns)),
  };
}

function authOf(raw: RawAuth, folder: string): VaultAuth {
  const reference = (secret: RawSecret) => secretReferenceOf(secret, folder);
  if (raw.method === 'token') return { method: 'token', token: reference(raw.token) };
  const mount = raw.mount ?? raw.method;
  if (raw.method === 'approle') {
    return { method: 'approle', mount, roleId: reference(raw.role_id), secretId: reference(raw.secret_id) };
  }
  return { method: raw.method, mount, role: raw.role, jwt: reference(raw.jwt ?? { file: SERVICE_ACCOUNT_TOKEN }) };
}

function standInAuth({ roleId, secretId }: StandIns): VaultAuth {
  return { method: 'approle', mount: 'approle', roleId: { made: roleId }, secretId: { made: secretId } };
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('this policy leaves to the sandbox what it was not given');
  return value;
}
