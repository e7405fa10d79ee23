import type { KeySource, RenderedSecret } from './key-source.ts';
import type { Person } from './person.ts';

const REFRESH_MS = 1_000;

/**
 * The key of somebody who reads the secret every second, and goes on with the last one while there is none to read. As
 * `held` it is that of somebody who reads it at the start only, until it is told to read anew.
 */
export class StoryKey {
  readonly #person: Person;
  readonly #path: () => string;
  #secret: RenderedSecret | undefined;
  #readAt = 0;
  #isHeld = false;

  /** `path`: where to read. */
  constructor(person: Person, path: () => string) {
    this.#person = person;
    this.#path = path;
  }

  get accessKeyId(): string {
    return this.#secret?.access_key_id ?? 'none';
  }

  get source(): KeySource {
    return async () => {
      if (!this.#isHeld && performance.now() - this.#readAt > REFRESH_MS) await this.#read().catch(() => undefined);
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
    const { fields } = await this.#person.read(this.#path());
    // a read that is answered after `hold` may show what somebody wrote since
    if (this.#isHeld || fields['access_key_id'] === undefined) return;
    this.#secret = fields as unknown as RenderedSecret;
  }
}
