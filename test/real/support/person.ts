import { inject } from 'vitest';
import { type PathOf, pathOf } from './record.ts';
import type { Setting } from './setting.ts';

/** What stands at a path, whatever it is. */
export interface Standing {
  readonly version: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** A person with Vault's own command line, who may do everything. */
export class Person {
  readonly #setting: Setting;
  readonly #pathOf: PathOf;

  constructor(setting: Setting, path: PathOf = pathOf) {
    this.#setting = setting;
    this.#pathOf = path;
  }

  /** `vault kv …`, as it is typed but for the mount: `kv('rollback', ['-version=3'], 'apps/billing/s3')`. */
  async kv(verb: string, flags: readonly string[], path: string, ...pairs: readonly string[]): Promise<void> {
    const { scene, vault } = this.#setting;
    const args = ['kv', ...verb.split(' '), '-mount=secret', ...flags, path, ...pairs];
    const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken, HOME: scene.dir };
    const command = scene.start({
      name: `vault-kv-${verb.replace(' ', '-')}`,
      command: inject('vaultProgram'),
      args,
      env,
    });
    const { code } = await command.exited;
    if (code !== 0) throw new Error(`vault kv ${verb} ended with ${code}:\n${command.output()}`);
  }

  /** `vault kv patch`: one or more fields edited, everything else as it was. */
  edit(application: string, fields: Readonly<Record<string, string>>): Promise<void> {
    return this.kv('patch', [], this.#pathOf(application), ...pairsOf(fields));
  }

  /** `vault kv put`: everything else at the path is gone. */
  overwrite(path: string, fields: Readonly<Record<string, string>>): Promise<void> {
    return this.kv('put', [], path, ...pairsOf(fields));
  }

  /** Back to what an earlier version held. */
  rollBack(application: string, version: number): Promise<void> {
    return this.kv('rollback', [`-version=${version}`], this.#pathOf(application));
  }

  /** The newest version that can be read. Throws where there is none. */
  async read(path: string): Promise<Standing> {
    const { data } = await this.#setting.vault.tell('GET', `secret/data/${path}`);
    const { data: fields, metadata } = data as { data: Standing['fields']; metadata: { version: number } };
    return { version: metadata.version, fields };
  }

  /** Rewrites the record by hand, as JSON. */
  async editRecord(application: string, edit: (record: RecordJson) => unknown): Promise<void> {
    const { fields } = await this.read(this.#pathOf(application));
    const record = JSON.parse(fields['rekeyd'] ?? '') as RecordJson;
    await this.edit(application, { rekeyd: JSON.stringify(edit(record)) });
  }
}

/** A record as whoever edits it by hand sees it. */
export type RecordJson = Readonly<Record<string, unknown>> & {
  readonly credential: Readonly<Record<string, unknown>> | null;
  readonly superseded: readonly Readonly<Record<string, unknown>>[];
};

function pairsOf(fields: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(fields).map(([name, value]) => `${name}=${value}`);
}
