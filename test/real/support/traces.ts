import { parseMarker } from '../../../src/rotation/marker.ts';
import { answersTo } from './audit.ts';
import { INSTANCE, type Setting } from './setting.ts';

/** What rekeyd leaves behind when it touches anything of an application. */
export interface Traces {
  /** Calls at the issuer that make or revoke a credential with its marker. */
  readonly issuerCalls: number;
  /** Its credentials at the issuer. */
  readonly live: readonly string[];
  /** Writes by rekeyd's own role at its path, accepted or not, by Vault's audit log. */
  readonly writes: number;
  /** The newest version there; 0 where there is none. */
  readonly version: number;
}

/** Counts, from when it is made, what is done at the issuer. */
export class TraceCounter {
  readonly #setting: Setting;
  /** Application → calls. */
  readonly #calls = new Map<string, number>();

  constructor(setting: Setting) {
    this.#setting = setting;
    const { account } = setting.glesys;
    const [create, remove] = [account.create.bind(account), account.remove.bind(account)];
    account.create = (instance, description) => {
      this.#count(description);
      return create(instance, description);
    };
    account.remove = (instance, id) => {
      this.#count(account.instance(instance)?.credentials.get(id)?.description);
      return remove(instance, id);
    };
  }

  async of(application: string, path: string): Promise<Traces> {
    const { vault, glesys } = this.#setting;
    const answers = await answersTo(vault, 'rekeyd');
    const { status, body } = await vault.ask('GET', `secret/metadata/${path}`);
    const own = glesys.account.credentials(INSTANCE).filter(({ description }) => bearerOf(description) === application);
    return {
      issuerCalls: this.#calls.get(application) ?? 0,
      live: own.map(({ accessKeyId }) => accessKeyId),
      writes: answers.filter((one) => one.path === `secret/data/${path}` && one.operation !== 'read').length,
      version: status === 200 ? Number(body.data?.['current_version']) : 0,
    };
  }

  #count(description = ''): void {
    const application = bearerOf(description);
    this.#calls.set(application, (this.#calls.get(application) ?? 0) + 1);
  }
}

/** The application in a credential's marker; empty where there is none. */
function bearerOf(description: string): string {
  return parseMarker(description)?.application ?? '';
}
