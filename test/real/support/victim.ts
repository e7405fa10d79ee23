import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene } from '../../support/scene.ts';
import type { Daemon } from './daemon.ts';
import { type FaultProxy, type Phase, type ProxyCall, startFaultProxy } from './fault-proxy.ts';
import { type Boundary, type Doom, meets } from './kill-list.ts';
import { type PolicyParts, run, type Setting } from './setting.ts';
import { type Step, StepNamer } from './steps.ts';
import { accessKeyIn } from './wire.ts';

/** How long a call whose process has died is kept back where it is to arrive late: the next process is at work by then. */
const LATE_MS = 3_000;

/** One process, from its start to its death. */
interface Life {
  readonly namer: StepNamer;
  /** Its first call: from then on it is at work. */
  readonly atWork: PromiseWithResolvers<void>;
  readonly doom: Doom | undefined;
  death?: Promise<void>;
}

const newLife = (doom?: Doom): Life => ({ doom, namer: new StepNamer(), atWork: Promise.withResolvers<void>() });

/** A call, and the process that made it. */
interface Passing {
  readonly step: Step | undefined;
  readonly life: Life;
}

export interface VictimSpec {
  readonly name: string;
  readonly setting: Setting;
  /** The way to S3 of everybody who looks after the same applications: what they publish must not differ. */
  readonly s3: FaultProxy;
  readonly onKill: (at: Boundary | undefined) => void;
}

/** A daemon behind proxies of its own that is killed and started again, as often as wanted. */
export class Victim {
  readonly name: string;
  readonly #spec: VictimSpec;
  readonly #glesys: FaultProxy;
  readonly #vault: FaultProxy;
  /** Of the keys that it issued: S3 cannot tell by anything else whose probe it is. */
  readonly #keys = new Set<string>();
  readonly #calls = new WeakMap<ProxyCall, Passing>();
  #life = newLife();
  #daemon: Daemon | undefined;
  #starts = 0;

  static async open(scene: Scene, spec: VictimSpec): Promise<Victim> {
    const { name, setting } = spec;
    const glesys = await startFaultProxy(scene, { name: `glesys-${name}`, target: () => setting.glesys.url });
    const vault = await startFaultProxy(scene, { name: `vault-${name}`, target: () => setting.vault.address });
    return new Victim(spec, { glesys, vault });
  }

  private constructor(spec: VictimSpec, { glesys, vault }: { glesys: FaultProxy; vault: FaultProxy }) {
    this.name = spec.name;
    this.#spec = spec;
    this.#glesys = glesys;
    this.#vault = vault;
    glesys.onCall = (call, phase) => this.pass(call, phase);
    vault.onCall = (call, phase) => this.pass(call, phase);
  }

  /** The way to S3 that its policy names. */
  get s3Url(): string {
    return this.#spec.s3.url;
  }

  get daemon(): Daemon {
    if (!this.#daemon) throw new Error(`${this.name} was not started`);
    return this.#daemon;
  }

  /** `doom`: where the process is to die. */
  async start(parts: PolicyParts, doom?: Doom): Promise<Daemon> {
    const { setting, s3 } = this.#spec;
    const through = {
      ...setting,
      glesys: { ...setting.glesys, url: this.#glesys.url },
      s3: { ...setting.s3, s3: s3.url },
    };
    this.#starts += 1;
    this.#life = newLife(doom);
    this.#daemon = await run(through, `${this.name}-${this.#starts}`, {
      ...parts,
      vault: { address: this.#vault.url },
    });
    return this.#daemon;
  }

  /** Resolves when the process that was started last has made its first call. */
  get atWork(): Promise<void> {
    return this.#life.atWork.promise;
  }

  /** kill -9, once in the life of a process: at a boundary, or at any time. */
  kill(at?: Boundary): Promise<void> {
    const { process } = this.daemon;
    this.#life.death ??= process.exited.then(() => this.#spec.onKill(at));
    process.kill('SIGKILL');
    return this.#life.death;
  }

  /** Whether a call to S3 was signed with a key that this one issued. */
  owns({ headers }: ProxyCall): boolean {
    const [, accessKeyId = ''] = /Credential=([^/]+)\//.exec(headers.authorization ?? '') ?? [];
    return this.#keys.has(accessKeyId);
  }

  /** What happens at a boundary of a call of this one's. */
  async pass(call: ProxyCall, phase: Phase): Promise<'drop' | undefined> {
    const { step, life } = this.#passing(call);
    if (phase === 'delivered') await this.#learn(call, step, life);
    const { doom, death } = life;
    if (life !== this.#life || death || !doom || !meets(doom, step, phase)) return undefined;
    await this.kill(doom);
    if (doom.moment === 'late') await sleep(LATE_MS);
    return doom.moment === 'arrived' ? 'drop' : undefined;
  }

  #passing(call: ProxyCall): Passing {
    const known = this.#calls.get(call);
    if (known) return known;
    this.#life.atWork.resolve();
    const passing = { step: this.#life.namer.nameOf(call), life: this.#life };
    this.#calls.set(call, passing);
    return passing;
  }

  async #learn(call: ProxyCall, step: Step | undefined, { namer, doom }: Life): Promise<void> {
    namer.learn(call, step);
    const accessKeyId = step === 'issue' ? accessKeyIn(call.answer?.body ?? Buffer.of()) : undefined;
    if (accessKeyId === undefined) return;
    this.#keys.add(accessKeyId);
    // whoever is to die taking a candidate back gets none but such as S3 itself refuses, though GleSYS lists them
    if (doom?.step === 'take-back') await this.#spec.setting.ring.remove(accessKeyId);
  }
}
