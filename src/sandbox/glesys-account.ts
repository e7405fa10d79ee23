import type { Clock, RandomHex } from '../rotation/ports.ts';
import type { KeyRing } from './keyring.ts';
import { uuid } from './uuid.ts';

/** A credential as its maker sees it: secret in the clear, `createdAt` in Unix ms. */
export interface MadeCredential {
  readonly id: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly description: string;
  readonly createdAt: number;
}

export interface MadeInstance {
  readonly id: string;
  readonly description: string;
  readonly datacenter: string;
  readonly createdAt: number;
  readonly credentials: Map<string, MadeCredential>;
}

/** What a GleSYS project holds, with the switches that tests turn. */
export class GlesysAccount {
  /** Credentials that an instance may hold. */
  quota = Number.POSITIVE_INFINITY;
  /** How far the service's own clock is ahead, in milliseconds. */
  skewMs = 0;
  /** Whether the list shows `secretkey`, as nobody should rely on. */
  listsSecrets = false;
  /** What the service makes of the description it is given. */
  rewriteDescription: (description: string) => string = (description) => description;
  readonly #instances = new Map<string, MadeInstance>();
  readonly #ring: KeyRing;
  readonly #clock: Clock;
  readonly #random: RandomHex;

  constructor(ring: KeyRing, clock: Clock, random: RandomHex) {
    this.#ring = ring;
    this.#clock = clock;
    this.#random = random;
  }

  now(): number {
    return this.#clock.now() + this.skewMs;
  }

  /** Returns its id; one that is there already stays as it is. */
  addInstance(id = `os-${this.#random(3)}`): string {
    if (!this.#instances.has(id)) {
      const made = { id, description: id, datacenter: 'dc-sto1', createdAt: this.now(), credentials: new Map() };
      this.#instances.set(id, made);
    }
    return id;
  }

  instance(id: string): MadeInstance | undefined {
    return this.#instances.get(id);
  }

  instances(): readonly MadeInstance[] {
    return [...this.#instances.values()];
  }

  /** Oldest first; empty for an unknown instance. */
  credentials(instance: string): readonly MadeCredential[] {
    return [...(this.#instances.get(instance)?.credentials.values() ?? [])];
  }

  /** As if somebody pressed the button in the control panel. Throws on an unknown instance. */
  async create(instance: string, description: string): Promise<MadeCredential> {
    const holder = this.#instances.get(instance);
    if (holder === undefined) throw new Error(`no instance ${instance}: add it first`);
    const key = await this.#ring.create();
    const made = {
      ...key,
      id: uuid(this.#random),
      description: this.rewriteDescription(description),
      createdAt: this.now(),
    };
    holder.credentials.set(made.id, made);
    return made;
  }

  /** Whether there was such a credential. It stops working at once. */
  async remove(instance: string, credentialId: string): Promise<boolean> {
    const credential = this.#instances.get(instance)?.credentials.get(credentialId);
    if (credential === undefined) return false;
    await this.#ring.remove(credential.accessKeyId);
    return this.#instances.get(instance)?.credentials.delete(credentialId) ?? false;
  }
}
