import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { stringify } from 'yaml';
import { poll } from '../../support/poll.ts';
import { Daemon } from './daemon.ts';
import { INSTANCE, type Setting } from './setting.ts';

/** A bound on waiting only: machines may be busy with other things. */
export const PATIENCE_MS = 180_000;

type Members = Readonly<Record<string, unknown>>;

/** What a policy says on top of where everything is. */
export interface PolicyWords {
  readonly applications: Readonly<Record<string, Members>>;
  /** Of the issuer `sto1`. */
  readonly issuer?: Members;
  /** More issuers, with what differs from `sto1`. */
  readonly moreIssuers?: Readonly<Record<string, Members>>;
  readonly defaults?: Members;
}

/** How a command ended. `words`: what a person at a terminal sees, of both streams. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly words: string;
}

/** The members of an application that `status --json` shows and the tests look at. */
export interface Shown {
  readonly application: string;
  readonly state: string;
  readonly generation?: number;
  readonly seen_at?: string;
  readonly rotate_at?: string;
  readonly current?: { readonly access_key_id: string; readonly adopted: boolean };
  readonly superseded: readonly { readonly access_key_id: string; readonly revoke_at: string | null }[];
  readonly trouble?: { readonly kind: string; readonly code: string; readonly reason: string; readonly remedy: string };
  readonly notices: readonly { readonly code: string; readonly reason: string; readonly remedy: string }[];
}

/** A policy file of its own, that a test rewrites, and what people run on it: daemons and commands. */
export class Workplace {
  readonly setting: Setting;
  readonly name: string;
  readonly #file: string;
  #daemons = 0;

  private constructor(setting: Setting, name: string) {
    this.setting = setting;
    this.name = name;
    this.#file = join(setting.scene.dir, `${name}.yaml`);
  }

  static async open(setting: Setting, name: string, words: PolicyWords): Promise<Workplace> {
    const workplace = new Workplace(setting, name);
    await workplace.write(words);
    return workplace;
  }

  /** Puts another policy into the file; a daemon that runs on it takes it over. */
  async write(words: PolicyWords): Promise<void> {
    await writeFile(this.#file, stringify(policyOf(this.setting, words)));
  }

  /** Runs the built daemon. `env`: on top of the secrets that the policy names. */
  daemon(env: Readonly<Record<string, string>> = {}): Daemon {
    this.#daemons += 1;
    return new Daemon(this.#start(`${this.name}-${this.#daemons}`, ['run'], env));
  }

  /** Runs a command as it would be typed, without the program's name, to its end. */
  async rekeyd(...args: readonly string[]): Promise<Ended> {
    const command = this.#start(`${this.name}-${args[0]}`, args, {});
    const { code } = await command.exited;
    return { code, stdout: command.stdout.join('\n'), words: command.output() };
  }

  /** How an application stands, by the command. */
  async status(application: string): Promise<Shown> {
    const { code, stdout, words } = await this.rekeyd('status', application, '--json');
    const [shown] = code === 0 ? (JSON.parse(stdout) as Shown[]) : [];
    if (!shown) throw new Error(`status ended with ${code}:\n${words}`);
    return shown;
  }

  #start(name: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const { scene, glesys, rekeyd } = this.setting;
    const secrets = {
      GLESYS_API_KEY: glesys.apiKey.reveal(),
      VAULT_ROLE_ID: rekeyd.roleId,
      VAULT_SECRET_ID: rekeyd.secretId,
    };
    return scene.start({
      name,
      command: process.execPath,
      args: [inject('rekeydProgram'), ...args, '--config', this.#file],
      env: { ...secrets, ...env },
    });
  }
}

/** What a running daemon knows of an application. */
export async function shownBy(daemon: Daemon, application: string): Promise<Shown> {
  const { http } = await daemon.until({ event: 'daemon.started' });
  const answer = await fetch(`${http}/api/v1/applications/${application}`);
  return (await answer.json()) as Shown;
}

/** Waits until the daemon has looked at an application so many more times. */
export async function untilLookedAgain(daemon: Daemon, application: string, times: number): Promise<void> {
  const looks = new Set<string | undefined>();
  await poll(`${times} looks at ${application}`, PATIENCE_MS, async () => {
    looks.add((await shownBy(daemon, application)).seen_at);
    return looks.size > times ? true : undefined;
  });
}

function policyOf({ glesys, s3, vault }: Setting, { applications, issuer, moreIssuers = {}, defaults }: PolicyWords) {
  const sto1 = {
    type: 'glesys',
    project: glesys.project,
    api_key: { env: 'GLESYS_API_KEY' },
    instance: INSTANCE,
    api: glesys.url,
    endpoint: s3.s3,
    region: s3.region,
    ...issuer,
  };
  const more = Object.entries(moreIssuers).map(([name, members]) => [name, { ...sto1, ...members }]);
  return {
    owner: 'real-test',
    issuers: { sto1, ...Object.fromEntries(more) },
    vault: {
      address: vault.address,
      mount: 'secret',
      auth: { method: 'approle', role_id: { env: 'VAULT_ROLE_ID' }, secret_id: { env: 'VAULT_SECRET_ID' } },
    },
    defaults: {
      rotate: { every: '1h' },
      grace: '10s',
      verify: { timeout: '10s', successes: 1 },
      consumers: { refresh: '1s' },
      ...defaults,
    },
    applications,
    scheduler: { resync: '1s', spread: '0s' },
    http: { listen: '127.0.0.1:0' },
  };
}

type Notice = Shown['notices'][number];

/** Waits until the daemon shows a notice that names these keys. */
export function untilNoticed(
  daemon: Daemon,
  application: string,
  code: string,
  accessKeyIds: readonly string[] = [],
): Promise<Notice> {
  return poll(`${application} to show ${code}`, PATIENCE_MS, async () => {
    const { notices } = await shownBy(daemon, application);
    return notices.find((one) => one.code === code && accessKeyIds.every((key) => one.reason.includes(key)));
  });
}

/** What is due within so many ms may begin at any moment. */
const SOON_MS = 60_000;

/** Waits until nothing about an application is worth a person's eye any more, and nothing is ahead for a while. */
export async function untilQuiet(daemon: Daemon, application: string): Promise<void> {
  await poll(`nothing to be said of ${application}`, PATIENCE_MS, async () => {
    const { state, notices, rotate_at: rotateAt = '' } = await shownBy(daemon, application);
    const isFar = Date.parse(rotateAt) > Date.now() + SOON_MS;
    return state === 'current' && notices.length === 0 && isFar ? true : undefined;
  });
}
