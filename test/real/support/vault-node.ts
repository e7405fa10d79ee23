import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { poll } from '../../support/poll.ts';
import type { RunningProcess } from '../../support/running-process.ts';
import type { Scene } from '../../support/scene.ts';
import { freePort } from './free-port.ts';

/** What `sys/health` says; `silent`: nothing within two seconds, or nobody listens. */
export type NodeHealth = 'active' | 'standby' | 'sealed' | 'uninitialised' | 'silent';

const HEALTH: Readonly<Record<number, NodeHealth>> = {
  200: 'active',
  429: 'standby',
  503: 'sealed',
  501: 'uninitialised',
};
const PATIENCE_MS = 2_000;

/** One process of a Raft cluster, with a folder that outlives it. */
export class VaultNode {
  readonly name: string;
  readonly address: string;
  readonly #scene: Scene;
  readonly #program: string;
  readonly #config: string;
  readonly #raft: string;
  #process: RunningProcess | undefined;

  /** `config`: its configuration file; `raft`: the folder that outlives it. */
  constructor(scene: Scene, of: { name: string; address: string; program: string; config: string; raft: string }) {
    this.name = of.name;
    this.address = of.address;
    this.#scene = scene;
    this.#program = of.program;
    this.#config = of.config;
    this.#raft = of.raft;
  }

  /** Starts it, for the first time or after a kill, and returns once it listens. It is sealed then. */
  async start(): Promise<void> {
    const args = ['server', '-config', this.#config];
    const child = this.#scene.start({ name: this.name, command: this.#program, args });
    this.#process = child;
    await poll(`${this.name} to listen`, 60_000, async () =>
      child.hasExited || (await this.health()) !== 'silent' ? true : undefined,
    );
    if (child.hasExited) throw new Error(`${this.name} did not start\n${child.tail()}`);
  }

  /** As a power cut would end it. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.exited;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** It starts again knowing nothing. */
  async renew(): Promise<void> {
    await this.kill();
    await rm(this.#raft, { recursive: true, force: true });
    await mkdir(this.#raft);
    await this.start();
  }

  /** It keeps its connections and answers nothing any more. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async health(): Promise<NodeHealth> {
    try {
      const answer = await request(`${this.address}/v1/sys/health`, { signal: AbortSignal.timeout(PATIENCE_MS) });
      await answer.body.dump();
      return HEALTH[answer.statusCode] ?? 'silent';
    } catch {
      return 'silent';
    }
  }
}

/** A node that keeps what it knows in a folder of its own, with Raft. Not started. */
export async function prepareNode(scene: Scene, program: string, name: string): Promise<VaultNode> {
  const dir = join(scene.dir, name);
  const raft = join(dir, 'raft');
  await mkdir(raft, { recursive: true });
  const [port, clusterPort] = [await freePort(), await freePort()];
  const address = `http://127.0.0.1:${port}`;
  const config = join(dir, 'config.json');
  const content = {
    storage: { raft: { path: raft, node_id: name } },
    listener: { tcp: { address: `127.0.0.1:${port}`, cluster_address: `127.0.0.1:${clusterPort}`, tls_disable: true } },
    api_addr: address,
    cluster_addr: `https://127.0.0.1:${clusterPort}`,
    disable_mlock: true,
  };
  await writeFile(config, JSON.stringify(content));
  return new VaultNode(scene, { name, address, program, config, raft });
}
