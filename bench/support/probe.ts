import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** How long each kind of answer took to its last byte, in ms; or to the first byte of one that never ends. */
export type Answers = Readonly<Record<string, readonly number[]>>;

/** What is asked: a path, and whether only the beginning of the answer is waited for. */
export interface Probe {
  readonly path: string;
  readonly isStream?: boolean;
}

/** One answer of an HTTP server, timed now and then, one question after another. */
export class Prober {
  readonly #url: string;
  readonly #probes: readonly Probe[];
  readonly #agent = new Agent();
  readonly #took = new Map<string, number[]>();
  readonly #running: Promise<void>;
  #isStopped = false;

  /** Asks the next of `probes` every `everyMs`, from now on. */
  constructor(url: string, probes: readonly Probe[], everyMs: number) {
    this.#url = url;
    this.#probes = probes;
    this.#running = this.#run(everyMs);
  }

  /** Everything so far, and no more. Throws where an answer was not 200. */
  async stop(): Promise<Answers> {
    this.#isStopped = true;
    await this.#running;
    await this.#agent.destroy();
    return Object.fromEntries(this.#took);
  }

  async #run(everyMs: number): Promise<void> {
    for (let nth = 0; !this.#isStopped; nth += 1) {
      const probe = this.#probes[nth % this.#probes.length];
      if (probe) await this.#ask(probe);
      await sleep(everyMs);
    }
  }

  async #ask({ path, isStream = false }: Probe): Promise<void> {
    const began = performance.now();
    const { statusCode, body } = await request(`${this.#url}${path}`, { dispatcher: this.#agent });
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    if (isStream) {
      for await (const _first of body) break;
    } else await body.arrayBuffer();
    this.#took.set(path, [...(this.#took.get(path) ?? []), performance.now() - began]);
  }
}

/** A page left open: takes all that it is sent, until it is closed. */
export class Viewer {
  readonly #agent = new Agent({ bodyTimeout: 0 });
  readonly #taking: Promise<void>;

  constructor(url: string) {
    this.#taking = this.#take(url);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    await this.#taking;
  }

  async #take(url: string): Promise<void> {
    try {
      const { body } = await request(`${url}/api/v1/events`, { dispatcher: this.#agent });
      for await (const _chunk of body);
    } catch {
      // its end is the end of the connection
    }
  }
}
