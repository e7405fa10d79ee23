import { z } from 'zod';
import { Secret } from '../policy/secret.ts';
import { request } from '../request.ts';
import type { Clock, KeyPair } from '../rotation/ports.ts';

/** An application as its consumer knows it: where its secret stands and what the fields are called. */
export interface ConsumedApplication {
  readonly name: string;
  /** Below the KV mount. */
  readonly path: string;
  /** How long the consumer keeps what it read, in milliseconds. */
  readonly refreshMs: number;
  readonly accessKeyField: string;
  readonly secretKeyField: string;
}

export interface VaultMount {
  /** Base URL without a trailing slash. */
  readonly address: string;
  /** Of KV v2. */
  readonly mount: string;
}

/** For AppRole at `auth/approle`. */
export interface AppRoleIds {
  readonly roleId: Secret;
  readonly secretId: Secret;
}

const TIMEOUT_MS = 5000;
/** After a read that failed. */
const AGAIN_MS = 500;

const loginAnswer = z.object({ auth: z.object({ client_token: z.string() }) });
const secretAnswer = z.object({ data: z.object({ data: z.record(z.string(), z.unknown()) }) });

/** Reads an application's pair from Vault and keeps it, as a real consumer does. */
export class SecretReader {
  readonly #vault: VaultMount;
  readonly #login: AppRoleIds;
  readonly #application: ConsumedApplication;
  readonly #clock: Clock;
  #token: Secret | undefined;
  #pair: KeyPair | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(vault: VaultMount, login: AppRoleIds, application: ConsumedApplication, clock: Clock) {
    this.#vault = vault;
    this.#login = login;
    this.#application = application;
    this.#clock = clock;
  }

  /** The pair to use now; the same object while it stays the same. `undefined` before there was a secret. */
  async current(signal: AbortSignal): Promise<KeyPair | undefined> {
    if (this.#clock.now() < this.#nextAt) return this.#pair;
    const read = await this.#read(signal).catch(() => undefined);
    this.#nextAt = this.#clock.now() + (read === undefined ? AGAIN_MS : this.#application.refreshMs);
    if (read !== undefined && !isSame(read, this.#pair)) this.#pair = read;
    return this.#pair;
  }

  /** `undefined` where there is no secret, or none with both fields. Throws where Vault does not answer. */
  async #read(signal: AbortSignal): Promise<KeyPair | undefined> {
    this.#token ??= await this.#logIn(signal);
    const path = this.#application.path.split('/').map(encodeURIComponent).join('/');
    const { statusCode, body } = await request(`${this.#vault.address}/v1/${this.#vault.mount}/data/${path}`, {
      headers: { 'x-vault-token': this.#token.reveal() },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const answer = secretAnswer.safeParse(await body.json());
    if (statusCode === 403) this.#token = undefined;
    if (statusCode !== 200 || !answer.success) return undefined;
    const fields = answer.data.data.data;
    const id = fields[this.#application.accessKeyField];
    const secret = fields[this.#application.secretKeyField];
    if (typeof id !== 'string' || typeof secret !== 'string') return undefined;
    return { accessKeyId: id, secretAccessKey: new Secret(secret) };
  }

  async #logIn(signal: AbortSignal): Promise<Secret> {
    const { body } = await request(`${this.#vault.address}/v1/auth/approle/login`, {
      method: 'POST',
      body: JSON.stringify({ role_id: this.#login.roleId.reveal(), secret_id: this.#login.secretId.reveal() }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return new Secret(loginAnswer.parse(await body.json()).auth.client_token);
  }
}

function isSame(one: KeyPair, other: KeyPair | undefined): boolean {
  return one.accessKeyId === other?.accessKeyId && one.secretAccessKey.reveal() === other.secretAccessKey.reveal();
}
