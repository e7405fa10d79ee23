import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import type { Exit, RunningProcess } from '../../support/running-process.ts';
import type { Scene } from '../../support/scene.ts';

/** One line of the daemon's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Narrows a search to lines that carry all of these. */
export type LineLike = Readonly<Record<string, string | number>>;

/** The built rekeyd as people run it: a process with a policy file, an environment and a log on stdout. */
export class Daemon {
  readonly log: LogLine[] = [];
  readonly process: RunningProcess;
  #read = 0;

  constructor(process: RunningProcess) {
    this.process = process;
  }

  /** All log lines so far that match. */
  lines(like: LineLike): readonly LogLine[] {
    this.#parse();
    return this.log.filter((line) => Object.entries(like).every(([name, value]) => line[name] === value));
  }

  /** The first line that matches and passes `test`, waited for. */
  until(like: LineLike, test: (line: LogLine) => boolean = () => true, timeoutMs = 60_000): Promise<LogLine> {
    const found = this.process.until(JSON.stringify(like), () => this.lines(like).find(test), timeoutMs);
    const { application } = like;
    return application === undefined ? found : found.catch((error: Error) => this.#toldWith(error, application));
  }

  stop(): Promise<Exit> {
    return this.process.stop();
  }

  /** The failure with what was last said of the application in question, which the last lines of all seldom have. */
  #toldWith(error: Error, application: string | number): never {
    const said = this.lines({ application }).slice(-20);
    throw new Error([error.message, `--- of ${application}`, ...said.map((line) => JSON.stringify(line))].join('\n'));
  }

  #parse(): void {
    for (; this.#read < this.process.stdout.length; this.#read += 1) {
      this.log.push(JSON.parse(this.process.stdout[this.#read] ?? '') as LogLine);
    }
  }
}

export interface DaemonSpec {
  /** Names its policy file and its log. */
  readonly name: string;
  /** The policy file's content. */
  readonly policy: unknown;
  readonly env: Readonly<Record<string, string>>;
}

export async function startDaemon(scene: Scene, { name, policy, env }: DaemonSpec): Promise<Daemon> {
  const file = join(scene.dir, `${name}.yaml`);
  await writeFile(file, stringify(policy, { aliasDuplicateObjects: false }));
  const args = [inject('rekeydProgram'), 'run', '--config', file];
  return new Daemon(scene.start({ name, command: process.execPath, args, env }));
}
