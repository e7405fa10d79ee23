import { join } from 'node:path';
import { inject } from 'vitest';
import type { Daemon } from '../real/support/daemon.ts';
import { type PolicyParts, run, type Setting } from '../real/support/setting.ts';
import { ShiftedClock } from '../real/support/shifted-clock.ts';
import type { Ended } from '../real/support/workplace.ts';
import type { Exit } from '../support/running-process.ts';

const NAMES = ['r1', 'r2', 'r3'] as const;
/** Longer than an attempt lasts, and than a call may be held up on its way. */
const PATIENCE_MS = 240_000;

type EndSignal = 'SIGKILL' | 'SIGTERM';
type Environment = Readonly<Record<string, string>>;
/** Starts a process of this name; it runs when this resolves. */
type Start = (name: string, env: Environment) => Promise<Daemon>;

/** One replica of the team: a process that is started again whenever it has ended. */
export class Member {
  readonly clock: ShiftedClock;
  /** The last words of processes that ended in another way than they were told to, or untold. */
  readonly endedByThemselves: string[] = [];
  readonly #name: string;
  readonly #start: Start;
  #daemon: Daemon | undefined;
  /** What the process that runs was sent so that it ends. */
  #told: EndSignal | undefined;
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

  /** Begins, also once it has ended. */
  async begin(): Promise<void> {
    this.#isOver = false;
    await this.#startOnce();
    this.#kept = this.#keep();
  }

  signal(signal: EndSignal): void {
    this.#told = signal;
    this.daemon.process.kill(signal);
  }

  /** Resolves once it has ended for good. It is told to stop; who has to be killed for it ended in another way. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.signal('SIGTERM');
    const patience = setTimeout(() => this.daemon.process.kill('SIGKILL'), PATIENCE_MS);
    await this.#kept;
    clearTimeout(patience);
  }

  async #startOnce(): Promise<void> {
    this.#starts += 1;
    this.#told = undefined;
    this.#daemon = await this.#start(`${this.#name}-${this.#starts}`, this.clock.env);
  }

  async #keep(): Promise<void> {
    while (!this.#isOver) {
      const exit = await this.daemon.process.exited;
      if (!this.#wasTold(exit)) this.endedByThemselves.push(this.daemon.process.tail());
      if (!this.#isOver) await this.#startOnce();
    }
  }

  /** Killed, it ends by that signal, and told to stop with 0, unless it was not yet there to hear it. */
  #wasTold({ code, signal }: Exit): boolean {
    if (this.#told === 'SIGKILL') return signal === 'SIGKILL';
    const wasThere = this.daemon.lines({ event: 'daemon.started' }).length > 0;
    return this.#told === 'SIGTERM' && (code === 0 || (signal === 'SIGTERM' && !wasThere));
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

  /** Types a command to its end. */
  async rekeyd(...args: readonly string[]): Promise<Ended> {
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
    return { code, stdout: command.stdout.join('\n'), words: command.output() };
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.end()));
  }
}
