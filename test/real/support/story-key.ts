import { type KeySource, keyAnswered, LostSecret, type RenderedSecret } from './key-source.ts';
import type { VaultServer } from './vault-server.ts';

const REFRESH_MS = 1_000;

/**
 * The key of somebody who reads the secret every second, and goes on with the last one while Vault is away. As `held`
 * it is that of somebody who reads it at the start only, until it is told to read anew.
 */
export class StoryKey {
  readonly #vault: VaultServer;
  readonly #path: () => string;
  #secret: RenderedSecret | undefined;
  #readAt = 0;
  #isHeld = false;

  /** `path`: where to read. */
  constructor(vault: VaultServer, path: () => string) {
    this.#vault = vault;
    this.#path = path;
  }

  get accessKeyId(): string {
    return this.#secret?.access_key_id ?? 'none';
  }

  get source(): KeySource {
    return async () => {
      if (!this.#isHeld && performance.now() - this.#readAt > REFRESH_MS) await this.#read().catch(unlessLost);
      if (!this.#secret) throw new Error(`nobody read the secret of ${this.#path()} yet`);
      return this.#secret;
    };
  }

  /** Goes on with what it has, whatever somebody writes there. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Reads at once, and every second from now on. */
  async readAnew(): Promise<void> {
    this.#isHeld = false;
    await this.#read();
  }

  async #read(): Promise<void> {
    this.#readAt = performance.now();
    const answer = await this.#vault.ask('GET', `secret/data/${this.#path()}`);
    // a read that is answered after `hold` may show what somebody wrote since
    if (this.#isHeld) return;
    this.#secret = keyAnswered(answer);
  }
}

function unlessLost(error: unknown): void {
  if (error instanceof LostSecret) throw error;
}
