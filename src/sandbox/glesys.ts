import { z } from 'zod';
import { Secret } from '../policy/secret.ts';
import type { Clock, RandomHex } from '../rotation/ports.ts';
import { cryptoHex, systemClock } from '../system.ts';
import { GlesysAccount, type MadeCredential, type MadeInstance } from './glesys-account.ts';
import { type KeyRing, MemoryKeyRing } from './keyring.ts';
import { type Answer, type Asked, jsonAnswer, type StandIn, type StandInAddress, serve } from './server.ts';
import { uuid } from './uuid.ts';

export interface GlesysOptions {
  /** A free port of 127.0.0.1 when missing. */
  readonly address?: StandInAddress;
  readonly clock?: Clock;
  readonly random?: RandomHex;
  /** Where its keys are made; in memory when missing. */
  readonly ring?: KeyRing;
  /** Made up when missing. */
  readonly apiKey?: Secret;
}

export interface GlesysStandIn extends StandIn {
  readonly project: string;
  readonly apiKey: Secret;
  readonly account: GlesysAccount;
}

interface Desk {
  readonly account: GlesysAccount;
  readonly authorization: string;
  readonly random: RandomHex;
}

/** The object-storage part of the GleSYS API on loopback, by itself: any key ring may stand behind it. */
export async function startGlesys(options: GlesysOptions = {}): Promise<GlesysStandIn> {
  const { clock = systemClock, random = cryptoHex } = options;
  const account = new GlesysAccount(options.ring ?? new MemoryKeyRing(clock, random), clock, random);
  const project = 'cl12345';
  const apiKey = options.apiKey ?? new Secret(random(20));
  const authorization = `Basic ${Buffer.from(`${project}:${apiKey.reveal()}`).toString('base64')}`;
  const desk: Desk = { account, authorization, random };
  const standIn = await serve({
    address: options.address ?? { host: '127.0.0.1', port: 0 },
    clock,
    answer: (asked) => answer(desk, asked),
    wordError: (status) => refusal(desk, status, 'Something went wrong.'),
  });
  return { ...standIn, project, apiKey, account };
}

interface Operation {
  readonly methods: readonly string[];
  /** What goes into `response` beside status and debug, or a refusal. */
  run(desk: Desk, input: Readonly<Record<string, string>>): Promise<Record<string, unknown> | Refusal>;
}

class Refusal {
  readonly status: number;
  readonly text: string;

  constructor(status: number, text: string) {
    this.status = status;
    this.text = text;
  }
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  createcredential: { methods: ['POST'], run: createCredential },
  deletecredential: { methods: ['POST'], run: deleteCredential },
  instancedetails: {
    methods: ['GET', 'POST'],
    run: async ({ account }, input) => withInstance(account, input, (found) => ({ instance: details(account, found) })),
  },
  listinstances: {
    methods: ['GET', 'POST'],
    run: async ({ account }) => ({ instances: account.instances().map((one) => summary(one)) }),
  },
};

async function answer(desk: Desk, asked: Asked): Promise<Answer> {
  if (asked.headers.authorization !== desk.authorization) return refusal(desk, 401, 'Not authorized.');
  const operation = OPERATIONS[/^\/objectstorage\/([a-z]+)\/?$/.exec(asked.path)?.[1] ?? ''];
  if (operation === undefined) return refusal(desk, 404, 'Function not found.');
  if (!operation.methods.includes(asked.method)) return refusal(desk, 405, 'Method not allowed.');
  const input = readInput(asked);
  if (input === undefined) return refusal(desk, 400, 'The input could not be understood.');
  const result = await operation.run(desk, input);
  return result instanceof Refusal
    ? refusal(desk, result.status, result.text, input)
    : envelope(desk, 200, 'OK', input, result);
}

const inputSchema = z.record(z.string(), z.coerce.string());

/** JSON and form-encoded bodies and the query alike, as the real API takes them. */
function readInput(asked: Asked): Record<string, string> | undefined {
  const query = Object.fromEntries(asked.query);
  if (asked.body === '') return query;
  if (!asked.headers['content-type']?.includes('json')) {
    return { ...query, ...Object.fromEntries(new URLSearchParams(asked.body)) };
  }
  try {
    const parsed = inputSchema.safeParse(JSON.parse(asked.body));
    return parsed.success ? { ...query, ...parsed.data } : undefined;
  } catch {
    return undefined;
  }
}

async function createCredential({ account }: Desk, input: Readonly<Record<string, string>>) {
  return withInstance(account, input, async (found) => {
    const description = input['description'] ?? '';
    if (description.length > 255) return new Refusal(400, 'description: may be 255 characters long.');
    if (found.credentials.size >= account.quota) {
      return new Refusal(400, `The instance has reached its limit of ${account.quota} credentials.`);
    }
    return { credential: credentialOut(await account.create(found.id, description), true) };
  });
}

async function deleteCredential({ account }: Desk, input: Readonly<Record<string, string>>) {
  return withInstance(account, input, async (found) => {
    const id = input['credentialid'];
    if (!id) return new Refusal(400, 'credentialid: is missing.');
    return (await account.remove(found.id, id)) ? {} : new Refusal(404, 'The credential could not be found.');
  });
}

function withInstance<T>(
  account: GlesysAccount,
  input: Readonly<Record<string, string>>,
  use: (instance: MadeInstance) => T,
): T | Refusal {
  const id = input['instanceid'];
  if (!id) return new Refusal(400, 'instanceid: is missing.');
  const instance = account.instance(id);
  return instance === undefined ? new Refusal(404, 'The instance could not be found.') : use(instance);
}

function summary(instance: MadeInstance) {
  const { id, description, datacenter, createdAt } = instance;
  return { id, description, datacenter, created: isoWithOffset(createdAt) };
}

function details(account: GlesysAccount, instance: MadeInstance) {
  const credentials = account
    .credentials(instance.id)
    .map((credential) => credentialOut(credential, account.listsSecrets));
  return { ...summary(instance), credentials };
}

function credentialOut(credential: MadeCredential, withSecret: boolean) {
  return {
    id: credential.id,
    accesskey: credential.accessKeyId,
    ...(withSecret ? { secretkey: credential.secretAccessKey } : {}),
    description: credential.description,
    created: isoWithOffset(credential.createdAt),
  };
}

const refusal = (desk: Desk, status: number, text: string, input: Readonly<Record<string, string>> = {}): Answer =>
  envelope(desk, status, text, input, {});

function envelope(
  desk: Desk,
  code: number,
  text: string,
  input: Readonly<Record<string, string>>,
  result: Record<string, unknown>,
): Answer {
  const timestamp = isoWithOffset(desk.account.now());
  const status = { code, timestamp, text, transactionid: code === 200 ? null : uuid(desk.random) };
  return jsonAnswer(code, { response: { status, ...result, debug: { input } } });
}

/** As GleSYS writes times: to the second, in Swedish winter time. */
function isoWithOffset(ms: number): string {
  return `${new Date(ms + 3_600_000).toISOString().slice(0, 19)}+01:00`;
}
