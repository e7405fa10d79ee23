import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent, request } from 'undici';
import type { Introduction } from './stand-ins.ts';

/** What the bare loop is given, as JSON in the environment's `BARE_TASK`. */
export interface BareTask {
  readonly at: Introduction;
  readonly instance: string;
  /** In Vault, one of each application. */
  readonly paths: readonly string[];
  /** Rotations at once. */
  readonly concurrency: number;
}

/**
 * The limit: the very calls of a rotation, in rekeyd's order and at its concurrency, by the same clients, and nothing
 * else. It checks nothing, keeps no record and trusts whatever comes back. Nobody should rotate a key by it.
 */
const READS_AHEAD = 16;
const BATCH = 1_000;
const CONNECTIONS = 64;

interface Found {
  readonly data: Readonly<Record<string, unknown>>;
  readonly version: number;
}

const task = JSON.parse(process.env['BARE_TASK'] ?? '') as BareTask;
const { at } = task;
const agents = { vault: agent(), issuer: agent(), s3: agent() };
const handler = new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY } });
const basic = `Basic ${Buffer.from(`${at.project}:${at.apiKey}`).toString('base64')}`;
const token = await logIn();
let health: Promise<unknown> | undefined;

say('bare.started');
await rotateAll(task.paths);
say('bare.done');
// until it is stopped: what it used is read from /proc
setInterval(() => {}, 60_000);

/** As a survey does: the records of a batch and one list, and then their rotations, beside the reads of the next. */
async function rotateAll(paths: readonly string[]): Promise<void> {
  const ready: string[] = [];
  let isOver = false;
  let wake = Promise.withResolvers<void>();
  const worker = async (): Promise<void> => {
    for (;;) {
      const path = ready.shift();
      if (path !== undefined) await rotate(path);
      else if (isOver) return;
      else await wake.promise;
    }
  };
  const workers = Array.from({ length: task.concurrency }, worker);
  for (let from = 0; from < paths.length; from += BATCH) {
    const batch = paths.slice(from, from + BATCH);
    await inParallel(batch, READS_AHEAD, read);
    await issuer('instancedetails', {});
    ready.push(...batch);
    isOver = from + BATCH >= paths.length;
    wake.resolve();
    wake = Promise.withResolvers();
  }
  await Promise.all(workers);
}

async function rotate(path: string): Promise<void> {
  health ??= vault('GET', 'sys/health').finally(() => {
    health = undefined;
  });
  await health;
  const { data, version } = await read(path);
  await Promise.all([standing(path), reach()]);
  const { credential } = (await issuer('createcredential', { description: path })) as Created;
  const client = clientOf(credential);
  await client.send(new ListBucketsCommand({}));
  await client.send(new ListBucketsCommand({}));
  const fresh = { ...data, access_key_id: credential.accesskey, secret_access_key: credential.secretkey };
  await vault('PUT', `secret/data/${path}`, { options: { cas: version }, data: fresh });
  await read(path);
  await vault('PATCH', `secret/metadata/${path}`, { custom_metadata: { rotated: path } });
}

interface Created {
  readonly credential: { readonly accesskey: string; readonly secretkey: string };
}

async function standing(path: string): Promise<void> {
  await vault('POST', 'sys/capabilities-self', { paths: [`secret/data/${path}`] });
  await vault('GET', `secret/metadata/${path}`);
}

async function reach(): Promise<void> {
  await (await request(`${at.s3}/`, { dispatcher: agents.s3 })).body.dump();
}

function clientOf({ accesskey, secretkey }: Created['credential']): S3Client {
  return new S3Client({
    endpoint: at.s3,
    region: 'dc-sto1',
    credentials: { accessKeyId: accesskey, secretAccessKey: secretkey },
    requestHandler: handler,
    forcePathStyle: true,
    maxAttempts: 1,
  });
}

async function read(path: string): Promise<Found> {
  const { data } = (await vault('GET', `secret/data/${path}`)) as {
    data: { data: Found['data']; metadata: { version: number } };
  };
  return { data: data.data, version: data.metadata.version };
}

async function issuer(action: string, input: object): Promise<unknown> {
  const answer = await request(`${at.glesys}/objectstorage/${action}`, {
    dispatcher: agents.issuer,
    method: 'POST',
    headers: { authorization: basic, 'content-type': 'application/json' },
    body: JSON.stringify({ instanceid: task.instance, ...input }),
  });
  return ((await answer.body.json()) as { response: unknown }).response;
}

async function vault(method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, body?: object): Promise<unknown> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const answer = await request(`${at.vault}/v1/${path}`, {
    dispatcher: agents.vault,
    method,
    headers: { 'x-vault-token': token, 'content-type': type },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (answer.statusCode >= 300) throw new Error(`Vault answered ${answer.statusCode} to ${method} ${path}`);
  const text = await answer.body.text();
  return text === '' ? undefined : JSON.parse(text);
}

async function logIn(): Promise<string> {
  const answer = await request(`${at.vault}/v1/auth/approle/login`, {
    dispatcher: agents.vault,
    method: 'POST',
    body: JSON.stringify({ role_id: at.roleId, secret_id: at.secretId }),
  });
  return ((await answer.body.json()) as { auth: { client_token: string } }).auth.client_token;
}

async function inParallel(
  items: readonly string[],
  atOnce: number,
  work: (item: string) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function agent(): Agent {
  return new Agent({ connections: CONNECTIONS });
}

function say(event: string): void {
  process.stdout.write(`${JSON.stringify({ event, time: new Date().toISOString() })}\n`);
}
