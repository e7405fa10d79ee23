import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** One line of the log, as far as a bench looks at it. */
export interface LogLine {
  readonly event?: string;
  readonly application?: string;
  /** ISO 8601. */
  readonly time?: string;
  readonly http?: string;
  readonly [member: string]: unknown;
}

/** What a process has used, from /proc. */
export interface Usage {
  /** Seconds of CPU time since it started. */
  readonly cpuSeconds: number;
  /** Resident memory now and at most, in MB (1,048,576 bytes). */
  readonly rssMb: number;
  readonly peakMb: number;
}

/**
 * As the container image runs it in a container of 512 MB: half of that is what Node.js lets its heap have then. A bare
 * loop and a script run just so.
 */
const AS_SHIPPED = {
  NODE_ENV: 'production',
  NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=256',
  MALLOC_ARENA_MAX: '2',
};
const LOOK_EVERY_MS = 20;
const TICKS_PER_SECOND = 100;

export interface ProgramSpec {
  /** A JavaScript file, and its arguments. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where its standard output goes. */
  readonly log: string;
  /** Where what is compiled is kept from one start to the next. */
  readonly compiled?: string;
}

const alive = new Set<ChildProcess>();
// however a run ends, nothing that it started outlives it
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/**
 * A process under measurement. Its log goes to a file, which is looked at now and then: who measures should cost little.
 */
export class Program {
  readonly startedAt = Date.now();
  readonly #child: ChildProcess;
  readonly #log: FileHandle;
  readonly #lines: LogLine[] = [];
  #offset = 0;
  #rest = '';

  private constructor(child: ChildProcess, log: FileHandle) {
    this.#child = child;
    this.#log = log;
    alive.add(child);
    child.once('exit', () => alive.delete(child));
  }

  static async start({ file, args, env, log, compiled }: ProgramSpec): Promise<Program> {
    const out = await open(log, 'w+');
    const { PATH = '' } = process.env;
    const own = { PATH, ...AS_SHIPPED, ...(compiled !== undefined && { NODE_COMPILE_CACHE: compiled }), ...env };
    const child = spawn(process.execPath, [file, ...args], { env: own, stdio: ['ignore', out.fd, out.fd] });
    return new Program(child, out);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** All lines so far. */
  async lines(): Promise<readonly LogLine[]> {
    const { buffer, bytesRead } = await this.#log.read(Buffer.alloc(1 << 24), 0, 1 << 24, this.#offset);
    if (bytesRead === 0) return this.#lines;
    this.#offset += bytesRead;
    const parts = (this.#rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.#lines.push(parse(part));
    return this.lines();
  }

  /** The `count`-th line with this event, waited for. Throws where it does not come in time, or the process ends. */
  async until(event: string, count = 1, timeoutMs = 120_000): Promise<LogLine> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      const found = (await this.lines()).filter((line) => line.event === event)[count - 1];
      if (found) return found;
      if (this.#child.exitCode !== null) throw new Error(`it ended before ${event}: ${await this.#tail()}`);
      await sleep(LOOK_EVERY_MS);
    }
    throw new Error(`waited ${timeoutMs} ms for ${count} × ${event}: ${await this.#tail()}`);
  }

  async usage(): Promise<Usage> {
    return usageOf(this.pid);
  }

  /** Resolves with its exit code. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  /** Ends it at once, whatever it waits for. Its log can no longer be read. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended();
    await this.#log.close();
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended();
    await this.#log.close();
  }

  async #tail(): Promise<string> {
    return (await this.lines())
      .slice(-5)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }
}

/** Of any process of this machine. */
export async function usageOf(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // the name in the second field may hold anything but ends with the last bracket
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    rssMb: kb('VmRSS') / 1_024,
    peakMb: kb('VmHWM') / 1_024,
  };
}

function parse(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
