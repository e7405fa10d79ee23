import { join } from 'node:path';
import { request } from 'undici';
import { poll } from '../../support/poll.ts';
import type { Scene } from '../../support/scene.ts';
import { startBalancer } from './balancer.ts';
import { type NodeHealth, prepareNode, type VaultNode } from './vault-node.ts';
import { type VaultKeys, VaultServer } from './vault-server.ts';

const NODES = ['vault-1', 'vault-2', 'vault-3'] as const;

/** On a busy machine nodes miss one another's heartbeats, and elect again and again. */
const PATIENCE_MS = 180_000;
/** So long a node that was told to join may take until it follows; then it is told again. */
const JOIN_MS = 30_000;

/** Raft's view of one node. */
interface Peer {
  readonly node_id: string;
  readonly voter: boolean;
}

/**
 * Three Vaults that are one, by Raft. Its address is that of a balancer in front, which is what a policy names: each
 * request goes to any node that is unsealed, and those that do not lead pass it on.
 */
export class VaultCluster extends VaultServer {
  readonly nodes: readonly VaultNode[];

  constructor(nodes: readonly VaultNode[], front: { address: string; auditFile: string; keys: VaultKeys }) {
    super(front.address, front.auditFile, front.keys);
    this.nodes = nodes;
  }

  /** The node that leads now, waited for. */
  leader(): Promise<VaultNode> {
    return poll('a node to lead', PATIENCE_MS, async () => {
      const healths = await Promise.all(this.nodes.map(async (node) => ({ node, health: await node.health() })));
      const active = healths.filter(({ health }) => health === 'active');
      return active.length === 1 ? active[0]?.node : undefined;
    });
  }

  async followers(): Promise<readonly VaultNode[]> {
    const leader = await this.leader();
    return this.nodes.filter((node) => node !== leader);
  }

  /** Waits until every node is unsealed, follows or leads, and votes. */
  async whole(): Promise<void> {
    await poll('all nodes to be unsealed, and one to lead', PATIENCE_MS, async () => {
      const healths = await Promise.all(this.nodes.map((node) => node.health()));
      const leading = healths.filter((health) => health === 'active').length;
      if (leading === 1 && healths.every(serves)) return true;
      throw new Error(`they are ${healths.join(', ')}`);
    });
    // a freshly joined node votes once Vault has seen it well for a while; until then the leader must not be lost
    await poll('all nodes to vote, and to pass requests on', PATIENCE_MS, async () => {
      const seen = await Promise.all(this.nodes.map((node) => this.#votersAsSeenBy(node)));
      return seen.every((voters) => voters === this.nodes.length) ? true : undefined;
    });
  }

  /** Only the leader knows: another node has to pass the question on. 0 where that fails. */
  async #votersAsSeenBy(node: VaultNode): Promise<number> {
    const { body } = await this.#at(node).ask('GET', 'sys/storage/raft/configuration');
    const { servers = [] } = (body.data?.['config'] ?? {}) as { servers?: readonly Peer[] };
    return servers.filter(({ voter }) => voter).length;
  }

  /** Starts a node that was killed, which then joins again by itself. */
  async revive(node: VaultNode): Promise<void> {
    await node.start();
    await this.#unsealNode(node);
  }

  /** Every node: the leader by request; the others, which refuse that, are restarted and come up sealed. */
  override async seal(): Promise<void> {
    const leader = await this.leader();
    await this.#at(leader).tell('PUT', 'sys/seal');
    await Promise.all(this.nodes.filter((node) => node !== leader).map((node) => node.restart()));
    await poll('all nodes to be sealed', PATIENCE_MS, async () => {
      const healths = await Promise.all(this.nodes.map((node) => node.health()));
      return healths.every((health) => health === 'sealed') ? true : undefined;
    });
  }

  override async unseal(): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.#unsealNode(node)));
    await this.leader();
  }

  /** A backup of everything, as `vault operator raft snapshot save` takes it. */
  async snapshot(): Promise<Uint8Array> {
    const { address } = await this.leader();
    const headers = { 'x-vault-token': this.rootToken };
    const answer = await request(`${address}/v1/sys/storage/raft/snapshot`, { headers });
    if (answer.statusCode !== 200) throw new Error(`Vault answered ${answer.statusCode} to a snapshot`);
    return answer.body.bytes();
  }

  /** Puts a backup back, as `vault operator raft snapshot restore` does, and waits until it is served. */
  async restore(snapshot: Uint8Array): Promise<void> {
    const { address } = await this.leader();
    const headers = { 'x-vault-token': this.rootToken };
    const url = `${address}/v1/sys/storage/raft/snapshot`;
    const answer = await request(url, { method: 'POST', headers, body: snapshot });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`Vault answered ${answer.statusCode} to a restore: ${text}`);
    await this.whole();
  }

  #at(node: VaultNode): VaultServer {
    return new VaultServer(node.address, this.auditFile, this.keys);
  }

  async #unsealNode(node: VaultNode): Promise<void> {
    await this.#at(node).tell('PUT', 'sys/unseal', { key: this.keys.unsealKey });
  }
}

/** Starts three real Vaults, joined, unsealed and voting, behind a balancer. */
export async function startVaultCluster(scene: Scene, program: string): Promise<VaultCluster> {
  const nodes = await prepareNodes(scene, program);
  await Promise.all(nodes.map((node) => node.start()));
  const [first, ...others] = nodes as [VaultNode, ...VaultNode[]];
  // the audit log is set up on all nodes alike, and those that do not lead have little to write
  const auditFile = join(scene.dir, 'vault-audit.log');
  const begun = new VaultServer(first.address, auditFile);
  await begun.begin();
  for (const node of others) await letFollow(node, begun);
  const address = await startBalancer(
    scene,
    nodes.map((node) => ({ address: node.address, isHealthy: () => isUnsealed(node) })),
  );
  const cluster = new VaultCluster(nodes, { address, auditFile, keys: begun.keys });
  await cluster.whole();
  return cluster;
}

/**
 * Lets a new node follow the one that leads. Where something comes between asking and being let in, the new one stays
 * sealed for good: it begins anew, as a person would have it.
 */
async function letFollow(node: VaultNode, leader: VaultServer): Promise<void> {
  const joining = new VaultServer(node.address, leader.auditFile);
  let isNew = true;
  await poll(`${node.name} to follow`, PATIENCE_MS, async () => {
    if (!isNew) await node.renew();
    isNew = false;
    const answers = [
      await joining.ask('POST', 'sys/storage/raft/join', { leader_api_addr: leader.address }),
      await joining.ask('PUT', 'sys/unseal', { key: leader.keys.unsealKey }),
    ];
    const said = answers.map(({ status, body }) => `${status} ${body.errors?.join(', ') ?? ''}`).join('; ');
    await poll(`${node.name} to serve after ${said}`, JOIN_MS, async () =>
      serves(await node.health()) ? true : undefined,
    );
    return true;
  });
}

async function prepareNodes(scene: Scene, program: string): Promise<readonly VaultNode[]> {
  const nodes: VaultNode[] = [];
  // one after the other: ports are free only until the next one is asked for
  for (const name of NODES) nodes.push(await prepareNode(scene, program, name));
  return nodes;
}

async function isUnsealed(node: VaultNode): Promise<boolean> {
  return serves(await node.health());
}

/** It leads, or passes on what it is asked. */
function serves(health: NodeHealth): boolean {
  return health === 'active' || health === 'standby';
}
