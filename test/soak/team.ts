import { join } from 'node:path';
import { inject } from 'vitest';
import type { Daemon } from '../real/support/daemon.ts';
import { type PolicyParts, run, type Setting } from '../real/support/setting.ts';
import { ShiftedClock } from '../real/support/shifted-clock.ts';

const NAMES = ['r1', 'r2', 'r3'] as const;

type Environment = Readonly<Record<string, string>>;
/** Starts a process of this name; it runs when this resolves. */
type Start = (name: string, env: Environment) => Promise<Daemon>;

/** One replica of the team: a process that is started again whenever it has ended. */
export class Member {
  readonly clock: ShiftedClock;
  /** The last words of processes that ended without being told to. */
  readonly endedByThemselves: string[] = [];
  readonly #name: string;
  readonly #start: Start;
  #daemon: Daemon | undefined;
  #starts = 0;
  #kept: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(name: string, clock: ShiftedClock, start: Start) {
    this.#name = name;
    this.#start = start;
    this.clock = clock;
  }

  get daemon(): Daemon {
    if (!this.#daemon) throw new Error(`${this.#name} was not started`);
    return this.#daemon;
  }

  async begin(): Promise<void> {
    await this.#startOnce();
    this.#kept = this.#keep();
  }

  signal(signal: NodeJS.Signals): void {
    this.daemon.process.kill(signal);
  }

  /** Resolves once it has ended for good; it must end by itself. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.daemon.stop();
    await this.#kept;
  }

  async #startOnce(): Promise<void> {
    this.#starts += 1;
    this.#daemon = await this.#start(`${this.#name}-${this.#starts}`, this.clock.env);
  }

  async #keep(): Promise<void> {
    while (!this.#isOver) {
      const { code } = await this.daemon.process.exited;
      // told to stop it ends with 0, killed with none: anything else it did by itself
      if (code !== 0 && code !== null) this.endedByThemselves.push(this.daemon.process.tail());
      if (!this.#isOver) await this.#startOnce();
    }
  }
}

/** Three replicas with one policy, and the command line on the same one. */
export class Team {
  readonly members: readonly Member[];
  readonly #setting: Setting;
  #parts: PolicyParts;
  #commands = 0;
  /** The policy file that was written last. */
  #file = '';

  /** `setting`: with the ways that rekeyd goes. */
  constructor(setting: Setting, parts: PolicyParts) {
    this.#setting = setting;
    this.#parts = parts;
    this.members = NAMES.map((name) => new Member(name, new ShiftedClock(setting.scene), this.#starter()));
  }

  #starter(): Start {
    return (name, env) => {
      this.#file = join(this.#setting.scene.dir, `${name}.yaml`);
      return run(this.#setting, name, this.#parts, env);
    };
  }

  async begin(): Promise<void> {
    for (const member of this.members) await member.begin();
  }

  /** From the next start of each replica on. */
  adopt(parts: PolicyParts): void {
    this.#parts = parts;
  }

  /** Types a command to its end. Returns its exit code and what it said. */
  async rekeyd(...args: readonly string[]): Promise<{ readonly code: number | null; readonly words: string }> {
    const { scene, glesys, rekeyd } = this.#setting;
    this.#commands += 1;
    const command = scene.start({
      name: `command-${this.#commands}`,
      command: process.execPath,
      args: [inject('rekeydProgram'), ...args, '--config', this.#file],
      env: {
        GLESYS_API_KEY: glesys.apiKey.reveal(),
        VAULT_ROLE_ID: rekeyd.roleId,
        VAULT_SECRET_ID: rekeyd.secretId,
      },
    });
    const { code } = await command.exited;
    return { code, words: command.output() };
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.end()));
  }
}
