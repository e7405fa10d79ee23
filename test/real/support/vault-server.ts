import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { poll } from '../../support/poll.ts';
import type { Scene } from '../../support/scene.ts';
import { freePort } from './free-port.ts';

export interface VaultAnswer {
  readonly status: number;
  readonly body: VaultBody;
}

/** The members of Vault's answers that the tests look at. */
export interface VaultBody {
  readonly errors?: readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly auth?: { readonly client_token: string };
  readonly keys_base64?: readonly string[];
  readonly root_token?: string;
  readonly sealed?: boolean;
}

/** What Vault tells once, when it is initialised. They live in the memory of the test and nowhere else. */
export interface VaultKeys {
  readonly rootToken: string;
  readonly unsealKey: string;
}

/** A HashiCorp Vault that a test unsealed and holds the root token of. */
export class VaultServer {
  readonly address: string;
  /** Every request and answer, one JSON object a line. */
  readonly auditFile: string;
  #keys: VaultKeys;

  /** `keys`: of one that was initialised already. */
  constructor(address: string, auditFile: string, keys: VaultKeys = { rootToken: '', unsealKey: '' }) {
    this.address = address;
    this.auditFile = auditFile;
    this.#keys = keys;
  }

  get keys(): VaultKeys {
    return this.#keys;
  }

  get rootToken(): string {
    return this.#keys.rootToken;
  }

  /** Any call, as root unless another token is given. Does not fail on an HTTP status. */
  async ask(method: string, path: string, body?: unknown, token = this.rootToken): Promise<VaultAnswer> {
    const answer = await request(`${this.address}/v1/${path}`, {
      method: method as 'GET',
      headers: { 'content-type': 'application/json', ...(token === '' ? {} : { 'x-vault-token': token }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text === '' ? {} : (JSON.parse(text) as VaultBody) };
  }

  /** As `ask`, for what must succeed. */
  async tell(method: string, path: string, body?: unknown): Promise<VaultBody> {
    const answer = await this.ask(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`Vault answered ${answer.status} to ${method} ${path}: ${answer.body.errors?.join(', ')}`);
    }
    return answer.body;
  }

  /** Initialises the empty server, unseals it and starts the audit log. */
  async begin(): Promise<void> {
    const made = await this.tell('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 });
    this.#keys = { unsealKey: made.keys_base64?.[0] ?? '', rootToken: made.root_token ?? '' };
    await this.unseal();
    await this.tell('PUT', 'sys/audit/file', { type: 'file', options: { file_path: this.auditFile } });
  }

  async seal(): Promise<void> {
    await this.tell('PUT', 'sys/seal');
  }

  /** Returns when it serves requests again. */
  async unseal(): Promise<void> {
    await this.tell('PUT', 'sys/unseal', { key: this.keys.unsealKey });
    await poll('Vault to be active', 30_000, async () =>
      (await this.ask('GET', 'sys/health')).status === 200 ? true : undefined,
    );
  }

  async mountKv(mount: string, version: 1 | 2): Promise<void> {
    await this.tell('POST', `sys/mounts/${mount}`, { type: 'kv', options: { version: String(version) } });
    if (version === 1) return;
    // A new KV v2 mount upgrades itself for a moment, during which it refuses to be used.
    await poll(`the mount ${mount} to be ready`, 30_000, async () =>
      (await this.ask('GET', `${mount}/config`)).status === 200 ? true : undefined,
    );
  }
}

/** Starts a real Vault that keeps everything in memory, initialised and unsealed. */
export async function startVault(scene: Scene, program: string): Promise<VaultServer> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const dir = join(scene.dir, `vault-${port}`);
  await mkdir(dir);
  const config = {
    storage: { inmem: {} },
    listener: { tcp: { address: `127.0.0.1:${port}`, tls_disable: true } },
    api_addr: address,
    disable_mlock: true,
  };
  await writeFile(join(dir, 'config.json'), JSON.stringify(config));
  const child = scene.start({ name: 'vault', command: program, args: ['server', '-config', join(dir, 'config.json')] });
  const vault = new VaultServer(address, join(dir, 'audit.log'));
  await poll('Vault to listen', 60_000, async () => {
    if (child.hasExited) return true;
    return (await vault.ask('GET', 'sys/health')).status === 501 ? true : undefined;
  });
  if (child.hasExited) throw new Error(`Vault did not start\n${child.tail()}`);
  await vault.begin();
  return vault;
}
