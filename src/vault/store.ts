import type { SecretReference, VaultPolicy } from '../policy/policy.ts';
import { Secret, type SecretSource } from '../policy/secret.ts';
import type { Clock, SecretData, SecretStore, StoredSecret, StoreStanding, WrittenSecret } from '../rotation/ports.ts';
import type { Answer, Timeouts } from '../transport/call.ts';
import type { Traffic } from '../transport/traffic.ts';
import { type TokenStanding, VaultAuth } from './auth.ts';
import { encodePath, type VaultCall, VaultClient } from './client.ts';
import { missingAnswer, missingSecret, presentAnswer, presentSecret, writtenAnswer, writtenSecret } from './kv2.ts';
import { loginFor } from './login.ts';
import { mirrorOf } from './mirror.ts';
import { Places } from './place.ts';
import { VaultStandings } from './standing.ts';
import { httpDateMs } from './time.ts';

export interface VaultStoreDeps {
  readonly clock: Clock;
  readonly secretOf: (reference: SecretReference) => SecretSource;
  readonly timeouts?: Timeouts;
  readonly traffic?: Traffic;
}

/** The applications' secrets in the KV v2 engine of one Vault. Throws where the policy's CA file cannot be read. */
export function openVaultStore(policy: VaultPolicy, deps: VaultStoreDeps): VaultStore {
  return new VaultStore(policy, deps);
}

export class VaultStore implements SecretStore {
  readonly #mount: string;
  readonly #client: VaultClient;
  readonly #auth: VaultAuth;
  readonly #places: Places;
  readonly #standings: VaultStandings;
  readonly #mirrored = new Map<string, string>();

  constructor(policy: VaultPolicy, deps: VaultStoreDeps) {
    this.#mount = policy.mount;
    this.#client = new VaultClient(policy, deps);
    const loginDeps = { client: this.#client, clock: deps.clock, secretOf: deps.secretOf };
    this.#auth = new VaultAuth(loginFor(policy.auth, loginDeps), loginDeps);
    this.#places = new Places(this.#client, policy, deps.clock);
    this.#standings = new VaultStandings(this.#client, policy, deps.clock);
  }

  place(path: string, anew?: boolean): Promise<string> {
    return this.#places.of(path, anew);
  }

  async read(path: string): Promise<StoredSecret> {
    const call: VaultCall = {
      attempted: `read ${this.#mount}/${path} in Vault`,
      method: 'GET',
      path: this.#urlOf('data', path),
      alsoFine: (status) => status === 404,
    };
    const answer = await this.#auth.use((token) => this.#client.send({ ...call, token }));
    return answer.status === 404 ? this.#missing(call, answer) : this.#present(call, answer);
  }

  async write(path: string, data: Secret<SecretData>, version: number): Promise<WrittenSecret> {
    const call: VaultCall = {
      attempted: `write version ${version + 1} of ${this.#mount}/${path} in Vault`,
      method: 'PUT',
      path: this.#urlOf('data', path),
      body: { options: { cas: version }, data: data.reveal() },
      secrets: stringsIn(data.reveal()),
    };
    return writtenSecret(await this.#auth.use((token) => this.#client.ask({ ...call, token }, writtenAnswer)));
  }

  /**
   * Deletes one version, which can be brought back (`vault kv undelete`); a newer one stays. It needs a right that a run
   * does not: `update` on `<mount>/delete/<path>`. Throws `PortError`.
   */
  async delete(path: string, version: number): Promise<void> {
    const call: VaultCall = {
      attempted: `delete version ${version} of ${this.#mount}/${path} in Vault`,
      method: 'POST',
      path: this.#urlOf('delete', path),
      body: { versions: [version] },
      rules: [
        {
          when: (status, words) => status === 403 && !words.includes('invalid token'),
          code: 'vault-permission-denied',
          kind: 'rejected',
          concerns: 'request',
          remedy: `Give this login \`update\` on ${this.#urlOf('delete', path)}: config/vault-policy.hcl has the lines. Nothing was deleted.`,
        },
      ],
    };
    await this.#auth.use((token) => this.#client.send({ ...call, token }));
  }

  async standing(path: string, neededMs: number): Promise<StoreStanding> {
    const tokenTtlMs = await this.#auth.ensure(neededMs);
    const standing = await this.#auth.use((token) => this.#standings.look(path, token));
    return { ...standing, tokenTtlMs };
  }

  async annotate(path: string, values: Readonly<Record<string, string>>): Promise<void> {
    const mirror = mirrorOf(values);
    const text = JSON.stringify(mirror);
    if (this.#mirrored.get(path) === text) return;
    const call: VaultCall = {
      attempted: `write the metadata of ${this.#mount}/${path} in Vault`,
      method: 'PATCH',
      path: this.#urlOf('metadata', path),
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { custom_metadata: mirror },
    };
    await this.#auth.use((token) => this.#client.send({ ...call, token }));
    this.#mirrored.set(path, text);
  }

  /** Logs in where there is no live token yet. Throws `PortError`. */
  async login(): Promise<void> {
    await this.#auth.ensure(0);
  }

  /** How the token stands, without asking anybody. */
  tokenStanding(): TokenStanding {
    return this.#auth.standing();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #urlOf(kind: 'data' | 'metadata' | 'delete', path: string): string {
    return `${encodePath(this.#mount)}/${kind}/${encodePath(path)}`;
  }

  #present(call: VaultCall, answer: Answer): StoredSecret {
    const read = this.#client.understand(call, answer, presentAnswer);
    return presentSecret(read, this.#serverTime(call, answer));
  }

  #missing(call: VaultCall, answer: Answer): StoredSecret {
    const missing = missingAnswer.safeParse(jsonOrNothing(answer.text));
    if (!missing.success) throw this.#client.refusal(call, answer);
    return missingSecret(missing.data, this.#serverTime(call, answer));
  }

  #serverTime(call: VaultCall, answer: Answer): number {
    const { date = '' } = answer.headers;
    const time = httpDateMs(date);
    if (time === undefined) throw this.#client.badAnswer(call, 'no Date header that is a date');
    return time;
  }
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The texts of a secret, wherever they stand in it: a server that echoes the request must not be quoted with them. */
function stringsIn(value: unknown): Secret[] {
  if (typeof value === 'string') return [new Secret(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}
