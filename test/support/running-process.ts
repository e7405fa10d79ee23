import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ProcessSpec {
  /** What it is called in messages and in its log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

type Listener = () => void;

const alive = new Set<ChildProcess>();
// Whatever ends this process: nothing that a test started outlives it.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** A program under test or a server that a test needs. Its output is kept in memory and in a log file. */
export class RunningProcess {
  readonly name: string;
  readonly stdout: string[] = [];
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #all: string[] = [];
  readonly #listeners = new Set<Listener>();
  #exit: Exit | undefined;

  constructor(spec: ProcessSpec, logFile: string) {
    this.name = spec.name;
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, ...spec.env };
    this.#child = spawn(spec.command, spec.args, { cwd: spec.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    alive.add(this.#child);
    const log = createWriteStream(logFile);
    this.#collect('stdout', log);
    this.#collect('stderr', log);
    this.exited = this.#watch(log);
  }

  #collect(from: 'stdout' | 'stderr', log: WriteStream): void {
    const stream = this.#child[from];
    if (stream === null) throw new Error(`${this.name} has no ${from}`);
    createInterface(stream).on('line', (line) => {
      if (from === 'stdout') this.stdout.push(line);
      this.#all.push(line);
      log.write(`${line}\n`);
      this.#notify();
    });
  }

  async #watch(log: WriteStream): Promise<Exit> {
    const failed = (error: Error): void => {
      this.#all.push(`could not be started: ${error.message}`);
    };
    this.#child.once('error', failed);
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null];
    alive.delete(this.#child);
    log.end();
    this.#exit = { code, signal };
    this.#notify();
    return this.#exit;
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** Everything it said so far, on both streams. */
  output(): string {
    return this.#all.join('\n');
  }

  /** The last lines of what it said, for a failure's message. */
  tail(lines = 40): string {
    const ended = this.#exit === undefined ? 'running' : `ended: ${JSON.stringify(this.#exit)}`;
    return [`--- ${this.name} (${ended})`, ...this.#all.slice(-lines)].join('\n');
  }

  /** Waits until `look`, asked anew at each line of output, finds something. Fails when the process ends first. */
  async until<T>(what: string, look: () => T | undefined, timeoutMs: number): Promise<T> {
    const found = look();
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const fail = (why: string): void =>
      reject(new Error(`${this.name}: waited for ${what}, but ${why}\n${this.tail()}`));
    const listener = (): void => {
      const now = look();
      if (now !== undefined) resolve(now);
      else if (this.hasExited) fail('it ended');
    };
    this.#listeners.add(listener);
    const timer = setTimeout(() => fail(`not within ${timeoutMs} ms`), timeoutMs);
    listener();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to end, and ends it when it does not within ten seconds. */
  async stop(): Promise<Exit> {
    this.kill('SIGTERM');
    const patience = setTimeout(() => this.kill('SIGKILL'), 10_000);
    try {
      return await this.exited;
    } finally {
      clearTimeout(patience);
    }
  }
}
