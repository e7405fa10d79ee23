import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { VaultPolicy } from '../policy/policy.ts';
import type { Clock } from '../rotation/ports.ts';
import type { VaultCall, VaultClient } from './client.ts';

const CLUSTER_ID_MS = 5 * 60_000;
/** A standby, a replica for disaster recovery, a performance standby: all know their cluster. */
const STANDBYS = [429, 472, 473];

const healthAnswer = z.object({ cluster_id: z.string().min(1), sealed: z.literal(false) });

const CALL: VaultCall = {
  attempted: "ask Vault for its cluster's id",
  method: 'GET',
  path: 'sys/health',
  alsoFine: (status) => STANDBYS.includes(status),
  namespace: 'root',
  rules: [
    {
      when: (status, _words, body) => status === 503 && body.includes('"sealed":true'),
      code: 'vault-sealed',
      kind: 'unavailable',
      concerns: 'server',
      remedy: 'Unseal Vault (`vault operator unseal`); rekeyd goes on by itself then.',
    },
    {
      when: (status, _words, body) => status === 501 && body.includes('"initialized":false'),
      code: 'vault-uninitialized',
      kind: 'unavailable',
      concerns: 'server',
      remedy: 'Initialize Vault (`vault operator init`), or check that `vault.address` is the right one.',
    },
  ],
};

/** Tells the places where secrets stand from each other: the same path in another cluster, namespace or mount is another. */
export class Places {
  readonly #client: VaultClient;
  readonly #policy: Pick<VaultPolicy, 'mount' | 'namespace'>;
  readonly #clock: Clock;
  #cluster: { readonly at: number; readonly id: string } | undefined;
  #underway: Promise<string> | undefined;

  constructor(client: VaultClient, policy: Pick<VaultPolicy, 'mount' | 'namespace'>, clock: Clock) {
    this.#client = client;
    this.#policy = policy;
    this.#clock = clock;
  }

  /** 8 hex digits; `anew`: from what Vault says now. Throws `PortError`. */
  async of(path: string, anew = false): Promise<string> {
    const { namespace = '', mount } = this.#policy;
    const where = JSON.stringify([await this.#clusterId(anew), namespace, mount, path]);
    return createHash('sha256').update(where).digest('hex').slice(0, 8);
  }

  async #clusterId(anew: boolean): Promise<string> {
    const age = this.#clock.now() - (this.#cluster?.at ?? 0);
    if (!anew && this.#cluster && age >= 0 && age < CLUSTER_ID_MS) return this.#cluster.id;
    this.#underway ??= this.#ask().finally(() => {
      this.#underway = undefined;
    });
    return this.#underway;
  }

  async #ask(): Promise<string> {
    const at = this.#clock.now();
    const answer = await this.#client.send(CALL);
    // 429 is also what a rate limit says, and then without any health in it.
    if (answer.status === 429 && !answer.text.includes('cluster_id')) throw this.#client.refusal(CALL, answer);
    const { cluster_id: id } = this.#client.understand(CALL, answer, healthAnswer);
    this.#cluster = { at, id };
    return id;
  }
}
