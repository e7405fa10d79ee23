import { inject } from 'vitest';
import { type AppRoleLogin, createRole, login } from './approle.ts';
import { fromVault } from './key-source.ts';
import { type PathOf, pathOf } from './record.ts';
import { type ConsumerOptions, S3Consumer } from './s3-consumer.ts';
import type { Site } from './setting.ts';
import { startAgent } from './vault-agent.ts';

/** What consumers may do in Vault, and nothing else. */
const READER = 'path "secret/data/apps/*" { capabilities = ["read"] }';
const PAUSE_MS = 700;
const REFRESH_MS = 1_000;

/** Applications at work in a setting, each with Vault as it reaches it itself, and S3 where its secret says. */
export class Consumers {
  readonly #setting: Site;
  readonly #role: AppRoleLogin;
  readonly #token: string;
  readonly #options: ConsumerOptions;

  /** `s3`: where they find it, only where what rekeyd publishes is a faulty way there that is its own. */
  static async open(setting: Site, s3?: string): Promise<Consumers> {
    // longer than any soak
    const role = await createRole(setting.vault, 'consumer', READER, { ttl: '48h', maxTtl: '48h' });
    return new Consumers(setting, role, await login(setting.vault, role), s3);
  }

  private constructor(setting: Site, role: AppRoleLogin, token: string, s3: string | undefined) {
    this.#setting = setting;
    this.#role = role;
    this.#token = token;
    this.#options = { pauseMs: PAUSE_MS, ...(s3 === undefined ? {} : { endpoint: s3 }) };
  }

  /** One that reads Vault itself, every second. `address`: where; while it throws, the consumer keeps what it has. */
  reading(
    application: string,
    address: () => string = () => this.#setting.vault.address,
    path: PathOf = pathOf,
  ): S3Consumer {
    const source = fromVault({
      address,
      token: this.#token,
      path: () => `secret/data/${path(application)}`,
      refreshMs: REFRESH_MS,
    });
    return this.#consumer(`${application}, by itself`, source);
  }

  /** One whose secret a Vault Agent renders, which looks every second. The secret must be there. */
  async withAgent(application: string): Promise<S3Consumer> {
    const { vault, scene } = this.#setting;
    const file = await startAgent(scene, {
      name: application,
      program: inject('vaultProgram'),
      vault: vault.address,
      login: this.#role,
      secret: `secret/data/${pathOf(application)}`,
    });
    return this.#consumer(`${application}, by an agent`, file);
  }

  #consumer(name: string, source: ConstructorParameters<typeof S3Consumer>[1]): S3Consumer {
    const consumer = new S3Consumer(name, source, this.#options);
    this.#setting.scene.atEnd(() => consumer.stop());
    return consumer;
  }
}
