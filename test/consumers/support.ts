import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { inject } from 'vitest';
import { createRole } from '../real/support/approle.ts';
import type { Setting } from '../real/support/setting.ts';
import { PATIENCE_MS } from '../real/support/workplace.ts';
import { poll } from '../support/poll.ts';
import type { RunningProcess } from '../support/running-process.ts';

const FILES = join(import.meta.dirname, '..', '..', 'deploy', 'consumers');

/** How a program ended, and all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** What one consumer's machine has: its folders, a login to Vault, and the files of deploy/consumers, put into place. */
export class Machine {
  readonly setting: Setting;
  readonly #dir: string;

  private constructor(setting: Setting, dir: string) {
    this.setting = setting;
    this.#dir = dir;
  }

  /** `name`: of its folder and of its role in Vault, which may do what deploy/consumers/vault-policy.hcl says. */
  static async open(setting: Setting, name: string): Promise<Machine> {
    const machine = new Machine(setting, join(setting.scene.dir, name));
    for (const folder of ['etc', 'run', 'bin', 'home']) await mkdir(machine.at(folder), { recursive: true });
    const policy = await readFile(join(FILES, 'vault-policy.hcl'), 'utf8');
    const { roleId, secretId } = await createRole(setting.vault, name, policy, { ttl: '1h', maxTtl: '1h' });
    await writeFile(machine.at('etc/role-id'), roleId);
    await writeFile(machine.at('etc/secret-id'), secretId);
    return machine;
  }

  at(path: string): string {
    return join(this.#dir, path);
  }

  /**
   * Puts a file of deploy/consumers where this machine has such files. The folders are the machine's own, and what looks
   * every five minutes looks every second; `changes`: what else is another here. Each must be in the file.
   */
  async install(name: string, to: string, changes: Readonly<Record<string, string>> = {}): Promise<string> {
    let text = await readFile(join(FILES, name), 'utf8');
    for (const [from, into] of Object.entries(changes)) {
      if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
      text = text.replaceAll(from, into);
    }
    const here = text
      .replaceAll('/etc/consumer/', `${this.at('etc')}/`)
      .replaceAll('/run/consumer/', `${this.at('run')}/`);
    await writeFile(this.at(to), here.replace('"5m"', '"1s"'));
    return this.at(to);
  }

  /** Starts `vault agent` with a file that was installed. */
  agent(file: string): RunningProcess {
    const { scene, vault } = this.setting;
    const env = { VAULT_ADDR: vault.address, HOME: this.at('home') };
    return scene.start({ name: 'vault-agent', command: inject('vaultProgram'), args: ['agent', '-config', file], env });
  }

  /** Runs a program to its end, with these variables and few others. */
  async run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const { PATH = '' } = process.env;
    const program = this.setting.scene.start({
      name: command.split('/').at(-1) ?? command,
      command,
      args,
      env: { HOME: this.at('home'), PATH: `${this.at('bin')}:${PATH}`, ...env },
    });
    const { code } = await program.exited;
    return { code, output: program.output() };
  }

  /** The variables in a file that the agent keeps. */
  async variables(file: string): Promise<Record<string, string>> {
    return { ...parseEnv(await readFile(this.at(file), 'utf8')) } as Record<string, string>;
  }

  /** Waits until a file of the agent's holds this text. */
  async untilHolds(file: string, text: string): Promise<void> {
    await poll(`${file} to hold ${text}`, PATIENCE_MS, async () =>
      (await readFile(this.at(file), 'utf8')).includes(text) ? true : undefined,
    );
  }
}
