import { ask, Problem } from './access.js';

/** Nothing for so long, in ms: the line is dead, whatever the browser believes. */
const SILENCE_MS = 20_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000, 15_000];

/**
 * What changes, as it changes, until the end of the page. `on.event` gets each event; `on.line` hears how the line is:
 * `live`, `lost` (with when it is tried again) or `denied` (with the problem: then nothing is tried until `again`).
 */
export class Stream {
  #on;
  #fails = 0;
  #wake = () => {};
  #abort = new AbortController();
  #isAgain = false;
  #isWaiting = false;

  constructor(on) {
    this.#on = on;
  }

  async run() {
    for (;;) {
      const problem = await this.#once().catch((error) => error);
      if (this.#isAgain) {
        this.#isAgain = false;
        continue;
      }
      const isDenied = problem instanceof Problem && (problem.status === 401 || problem.status === 403);
      const wait = isDenied ? 30_000 : this.#pause(problem);
      this.#on.line(isDenied ? 'denied' : 'lost', { problem, retryAt: Date.now() + wait });
      await this.#sleep(wait);
    }
  }

  /** Tries again at once, as with another token. */
  again() {
    this.#fails = 0;
    this.#isAgain = !this.#isWaiting;
    this.#abort.abort();
    this.#wake();
  }

  async #once() {
    this.#abort = new AbortController();
    const watchdog = new Watchdog(SILENCE_MS, () => this.#abort.abort());
    try {
      const { body } = await ask('/api/v1/events', { signal: this.#abort.signal });
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      for await (const event of eventsOf(reader)) {
        watchdog.pat();
        this.#fails = 0;
        this.#on.line('live', {});
        this.#on.event(event.name, JSON.parse(event.data));
      }
    } finally {
      watchdog.end();
    }
  }

  #pause(problem) {
    const pause = RETRY_MS[Math.min(this.#fails, RETRY_MS.length - 1)];
    this.#fails += 1;
    return Math.max(problem?.retryAfterMs ?? 0, pause * (0.75 + Math.random() / 2));
  }

  async #sleep(ms) {
    const { promise, resolve } = Promise.withResolvers();
    this.#wake = resolve;
    this.#isWaiting = true;
    const timer = setTimeout(resolve, ms);
    await promise;
    this.#isWaiting = false;
    clearTimeout(timer);
  }
}

class Watchdog {
  #timer;
  #bark;
  #ms;

  constructor(ms, bark) {
    this.#bark = bark;
    this.#ms = ms;
    this.pat();
  }

  pat() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#bark, this.#ms);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

/** The events of a text/event-stream; ours have one line of data each. */
async function* eventsOf(reader) {
  let parts = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const pieces = value.split('\n\n');
    // a boundary may fall between two reads
    if (parts.at(-1)?.endsWith('\n') && value.startsWith('\n')) {
      yield* eventIn(parts.join(''));
      parts = [];
      pieces[0] = pieces[0].slice(1);
    }
    for (const piece of pieces.slice(0, -1)) {
      yield* eventIn(parts.join('') + piece);
      parts = [];
    }
    if (pieces.at(-1) !== '') parts.push(pieces.at(-1));
  }
}

function* eventIn(text) {
  const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(text.trim()) ?? [];
  if (name) yield { name, data };
}
