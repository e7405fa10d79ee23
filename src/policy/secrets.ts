import { access, constants, readFile } from 'node:fs/promises';
import type { KeyPath } from './document.ts';
import type { Policy, SecretReference, WebhookPolicy } from './policy.ts';
import { MissingSecret, Secret, type SecretSource } from './secret.ts';
import { WEBHOOK_SECRET_HINT, webhookKeys } from './webhook-secret.ts';

/** Reads what a reference leads to, anew at each call. One newline at the end of a file is not part of the secret. */
export function secretSource(reference: SecretReference, env: NodeJS.ProcessEnv = process.env): SecretSource {
  if ('made' in reference) return async () => reference.made;
  if ('env' in reference) return async () => fromEnvironment(reference.env, env);
  return () => fromFile(reference.file);
}

/** A reference of the policy that leads nowhere: the way to it in the file, what is missing, and what to do. */
export interface MissingReference {
  readonly path: KeyPath;
  readonly message: string;
}

export async function missingReferences(
  policy: Policy,
  env: NodeJS.ProcessEnv = process.env,
): Promise<MissingReference[]> {
  const missing = referencesOf(policy).map(async ([path, reference]) => {
    const message = await complaintOf(secretSource(reference, env));
    return message === undefined ? [] : [{ path, message }];
  });
  const webhooks = policy.webhooks.map((webhook, index) => unusableSecret(['webhooks', index, 'secret'], webhook, env));
  return [...(await Promise.all([...missing, ...webhooks])).flat(), ...(await missingCaFile(policy))];
}

async function missingCaFile({ vault: { caFile } }: Policy): Promise<MissingReference[]> {
  if (caFile === undefined) return [];
  return access(caFile, constants.R_OK).then(
    () => [],
    (error: NodeJS.ErrnoException) => {
      const message = `${reasonOf(caFile, error.code)}; put the certificate there or correct the policy`;
      return [{ path: ['vault', 'ca_file'], message }];
    },
  );
}

/** What is there and signs nothing. */
async function unusableSecret(
  path: KeyPath,
  { secret }: WebhookPolicy,
  env: NodeJS.ProcessEnv,
): Promise<MissingReference[]> {
  const value = await secretSource(secret, env)().catch(() => undefined);
  return value === undefined || webhookKeys(value.reveal()) ? [] : [{ path, message: WEBHOOK_SECRET_HINT }];
}

async function complaintOf(source: SecretSource): Promise<string | undefined> {
  try {
    await source();
    return undefined;
  } catch (error) {
    if (error instanceof MissingSecret) return error.message;
    throw error;
  }
}

function fromEnvironment(name: string, env: NodeJS.ProcessEnv): Secret {
  const value = env[name];
  if (value) return new Secret(value);
  const state = value === undefined ? 'not set' : 'empty';
  throw new MissingSecret(`the environment variable ${name} is ${state}; set it where rekeyd is started`);
}

async function fromFile(file: string): Promise<Secret> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new MissingSecret(`${reasonOf(file, error.code)}; put the secret there or correct the policy`);
  });
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw new MissingSecret(`the file ${file} is empty; put the secret there`);
  return new Secret(value);
}

function reasonOf(file: string, code: string | undefined): string {
  if (code === 'ENOENT') return `the file ${file} does not exist`;
  if (code === 'EACCES') return `the file ${file} may not be read by the user that rekeyd runs as`;
  return `${file} cannot be read as a file (${code})`;
}

/** Every secret reference with the way to it in the policy file. */
function referencesOf(policy: Policy): [KeyPath, SecretReference][] {
  const { auth } = policy.vault;
  const login = ['vault', 'auth'];
  const references: (readonly [KeyPath, SecretReference | undefined])[] = [
    ...[...policy.issuers.values()].map(({ name, apiKey }) => [['issuers', name, 'api_key'], apiKey] as const),
    [[...login, 'token'], auth.method === 'token' ? auth.token : undefined],
    [[...login, 'role_id'], auth.method === 'approle' ? auth.roleId : undefined],
    [[...login, 'secret_id'], auth.method === 'approle' ? auth.secretId : undefined],
    [[...login, 'jwt'], 'jwt' in auth ? auth.jwt : undefined],
    [['http', 'token'], policy.http.token],
    ...policy.webhooks.map(({ secret }, index) => [['webhooks', index, 'secret'], secret] as const),
  ];
  return references.flatMap(([path, reference]) => (reference ? [[path, reference]] : []));
}
