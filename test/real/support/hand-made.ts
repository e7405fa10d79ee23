import type { MadeCredential } from '../../../src/sandbox/glesys-account.ts';
import { changedOf } from './foreign.ts';
import { findRecord, pathOf } from './record.ts';
import { INSTANCE, type Setting } from './setting.ts';

/** Secrets with keys from the control panel that people made by hand, before there was a rekeyd. */
export class HandMade {
  readonly applications: string[] = [];
  readonly #setting: Setting;
  readonly #keys: MadeCredential[] = [];
  #begun = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** One more, where the policy will have the application whose name this returns. */
  async make(prefix: string): Promise<string> {
    // counted at once: two may be made at the same time
    this.#begun += 1;
    const application = `${prefix}-by-hand-${this.#begun}`;
    const { glesys, s3, vault } = this.#setting;
    const key = await glesys.account.create(INSTANCE, 'made by hand');
    const { accessKeyId: access_key_id, secretAccessKey: secret_access_key } = key;
    const data = { access_key_id, secret_access_key, endpoint: s3.s3, region: s3.region, note: 'of somebody else' };
    await vault.tell('PUT', `secret/data/${pathOf(application)}`, { data });
    this.applications.push(application);
    this.#keys.push(key);
    return application;
  }

  /** Those whose credential is not (or not yet) one that rekeyd issued. */
  async unrotated(): Promise<readonly string[]> {
    const left: string[] = [];
    for (const name of this.applications) if (await this.#isUnrotated(name)) left.push(name);
    return left;
  }

  async #isUnrotated(name: string): Promise<boolean> {
    const { record } = await findRecord(this.#setting.vault, name);
    return this.#keys.some(({ id }) => id === record.credential?.id);
  }

  /** Keys that are no longer as they were made: only a person may revoke them. */
  changed(): Promise<readonly MadeCredential[]> {
    const { glesys, s3 } = this.#setting;
    return changedOf(this.#keys, glesys.account, INSTANCE, s3);
  }
}
