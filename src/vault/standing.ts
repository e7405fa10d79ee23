import { z } from 'zod';
import type { VaultPolicy } from '../policy/policy.ts';
import type { Secret } from '../policy/secret.ts';
import { PortError } from '../rotation/errors.ts';
import type { Clock, StoreStanding } from '../rotation/ports.ts';
import { encodePath, type VaultCall, type VaultClient } from './client.ts';
import { durationMs } from './time.ts';

/** What is the same for every path of the mount, and may be some time old. */
type MountFacts = Pick<StoreStanding, 'mount' | 'namespace'> & { readonly lifetimeMs: number | undefined };

const MOUNT_FACTS_MS = 60_000;

/** With root there is no list of rights: it may do everything. */
const ALL_RIGHTS = ['create', 'read', 'update', 'patch', 'delete', 'list'] as const;

const mountAnswer = z.object({
  data: z.object({ type: z.string(), options: z.object({ version: z.string().optional() }).nullish() }),
});
const rightsAnswer = z.object({ data: z.record(z.string(), z.array(z.string())) });
const lifetime = z.string().transform((text, context) => {
  const ms = durationMs(text);
  if (ms === undefined) context.addIssue('no duration');
  return ms ?? 0;
});
const lifetimeAnswer = z.object({ data: z.object({ delete_version_after: lifetime }) });

/** Looks at what an issue for a path would need of Vault. */
export class VaultStandings {
  readonly #client: VaultClient;
  readonly #policy: Pick<VaultPolicy, 'mount' | 'namespace'>;
  readonly #clock: Clock;
  #facts: { readonly at: number; readonly facts: MountFacts } | undefined;
  #underway: Promise<MountFacts> | undefined;

  constructor(client: VaultClient, policy: Pick<VaultPolicy, 'mount' | 'namespace'>, clock: Clock) {
    this.#client = client;
    this.#policy = policy;
    this.#clock = clock;
  }

  /** All but the token's life. Throws `PortError`. */
  async look(path: string, token: Secret): Promise<Omit<StoreStanding, 'tokenTtlMs'>> {
    const facts = await this.#mountFacts(path, token);
    const capabilities = await this.#capabilities(path, token);
    const metadata = `${encodePath(this.#policy.mount)}/metadata/${encodePath(path)}`;
    const own = facts.mount === 'kv-v2' ? await this.#lifetime(metadata, token) : 0;
    return { mount: facts.mount, namespace: facts.namespace, capabilities, lifetimeMs: inForce(facts.lifetimeMs, own) };
  }

  async #mountFacts(path: string, token: Secret): Promise<MountFacts> {
    if (this.#facts && this.#clock.now() - this.#facts.at < MOUNT_FACTS_MS) return this.#facts.facts;
    this.#underway ??= this.#askMount(path, token).finally(() => {
      this.#underway = undefined;
    });
    return this.#underway;
  }

  async #askMount(path: string, token: Secret): Promise<MountFacts> {
    const now = this.#clock.now();
    const mount = await this.#mount(path, token);
    const namespace = await this.#namespace(path, token);
    const lifetimeMs = mount === 'kv-v2' ? await this.#lifetime(`${encodePath(this.#policy.mount)}/config`, token) : 0;
    const facts = { mount, namespace, lifetimeMs };
    // What is wrong is looked at anew each time, so that a repair shows at once.
    this.#facts = mount === 'kv-v2' && namespace !== 'unproven' ? { at: now, facts } : undefined;
    return facts;
  }

  async #mount(path: string, token: Secret): Promise<StoreStanding['mount']> {
    const call = this.#mountCall('', path, token);
    const answer = await this.#client.ask(call, mountAnswer).catch(unlessRefused);
    return answer ? kindOf(answer) : 'unknown';
  }

  /**
   * Vault without namespaces ignores the namespace header and would write into its root. Named in the path instead, a
   * namespace is either there or not.
   */
  async #namespace(path: string, token: Secret): Promise<StoreStanding['namespace']> {
    const { namespace } = this.#policy;
    if (namespace === undefined) return 'none';
    const call = this.#mountCall(`${encodePath(trimSlashes(namespace))}/`, path, token);
    const answer = await this.#client.ask(call, mountAnswer).catch(unlessRefused);
    return answer && kindOf(answer) === 'kv-v2' ? 'proven' : 'unproven';
  }

  #mountCall(prefix: string, path: string, token: Secret): VaultCall {
    return {
      attempted: `look at Vault's mount ${this.#policy.mount}`,
      method: 'GET',
      path: `${prefix}sys/internal/ui/mounts/${encodePath(this.#policy.mount)}/data/${encodePath(path)}`,
      token,
      ...(prefix !== '' && { namespace: 'root' as const }),
    };
  }

  async #capabilities(path: string, token: Secret): Promise<ReadonlySet<string>> {
    const full = `${this.#policy.mount}/data/${path}`;
    const attempted = `ask Vault what the token may do at ${full}`;
    const body = { paths: [full] };
    const call = { attempted, method: 'POST', path: 'sys/capabilities-self', body, token } as const;
    const { data } = await this.#client.ask(call, rightsAnswer);
    const rights = data[full] ?? [];
    if (rights.includes('root')) return new Set(ALL_RIGHTS);
    return new Set(rights.filter((right) => right !== 'deny'));
  }

  /** `delete_version_after` in ms as the mount's or a path's own answer has it; 0 where there is none; undefined: no right to see it. */
  async #lifetime(where: string, token: Secret): Promise<number | undefined> {
    const call: VaultCall = { attempted: `read ${where} in Vault`, method: 'GET', path: where, token };
    try {
      return (await this.#client.ask(call, lifetimeAnswer)).data.delete_version_after;
    } catch (error) {
      if (error instanceof PortError && error.code === 'vault-permission-denied') return undefined;
      unlessRefused(error);
      return 0;
    }
  }
}

function kindOf({ data }: z.infer<typeof mountAnswer>): StoreStanding['mount'] {
  if (data.type !== 'kv' && data.type !== 'generic') return 'other';
  return data.options?.version === '2' ? 'kv-v2' : 'kv-v1';
}

/** A refusal is an answer here: Vault will not say. A dead token is none, it must be replaced. */
function unlessRefused(error: unknown): undefined {
  if (error instanceof PortError && error.kind === 'rejected' && error.code !== 'vault-token-dead') return undefined;
  throw error;
}

function trimSlashes(namespace: string): string {
  return namespace.replaceAll(/^\/+|\/+$/g, '');
}

/** A negative lifetime of the mount switches the paths' own off, too; otherwise the smaller one that is set holds. */
function inForce(mountMs: number | undefined, ownMs: number | undefined): number | undefined {
  if (mountMs !== undefined && mountMs < 0) return Number.POSITIVE_INFINITY;
  const known = [mountMs ?? 0, ownMs ?? 0].filter((ms) => ms > 0);
  if (known.length > 0) return Math.min(...known);
  return mountMs === undefined || ownMs === undefined ? undefined : Number.POSITIVE_INFINITY;
}
