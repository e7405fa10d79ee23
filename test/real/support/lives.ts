import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Account } from './account.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { type Boundary, type Doom, KillList } from './kill-list.ts';
import { INSTANCE, type PolicyParts, type Setting } from './setting.ts';
import { Victim } from './victim.ts';

/** Far longer than it takes to reach all boundaries of one part, on any machine. */
const PATIENCE_MS = 1_000_000;

/** Applications, and the names of those who look after them: of two they are replicas. */
export interface Group {
  readonly applications: readonly string[];
  readonly victims: readonly string[];
}

interface Member {
  readonly victim: Victim;
  readonly group: Group;
}

/** A process that is about to be started. */
export interface Life extends Member {
  /** Counted from 0 in each part, for each victim. */
  readonly number: number;
  readonly doom: Doom | undefined;
}

export type PolicyOf = (life: Life) => PolicyParts | Promise<PolicyParts>;

interface LivesSpec {
  readonly setting: Setting;
  readonly account: Account;
  readonly groups: readonly Group[];
  readonly random: () => number;
}

/** All who are killed in one scenario, again and again. */
export class Lives {
  readonly kills: KillList;
  readonly #spec: LivesSpec;
  readonly #members: Member[] = [];
  readonly #running = new Set<Victim>();

  static async open(spec: LivesSpec): Promise<Lives> {
    const lives = new Lives(spec);
    await Promise.all(spec.groups.map((group) => lives.#openGroup(group)));
    return lives;
  }

  private constructor(spec: LivesSpec) {
    this.#spec = spec;
    this.kills = new KillList(spec.random);
  }

  async #openGroup(group: Group): Promise<void> {
    const { setting } = this.#spec;
    const { scene } = setting;
    const s3 = await startFaultProxy(scene, { name: `s3-${group.victims[0]}`, target: () => setting.s3.s3 });
    const onKill = (at: Boundary | undefined): void => this.#noteKill(at);
    const opened = await Promise.all(group.victims.map((name) => Victim.open(scene, { name, setting, s3, onKill })));
    s3.onCall = (call, phase) => (opened.find((victim) => victim.owns(call)) ?? onlyOne(opened))?.pass(call, phase);
    this.#members.push(...opened.map((victim) => ({ victim, group })));
  }

  #noteKill(at: Boundary | undefined): void {
    const { account } = this.#spec;
    account.kills += 1;
    if (at) this.kills.cross(at);
    else account.more['kills at any time'] = (account.more['kills at any time'] ?? 0) + 1;
  }

  /** One of each group: two that start with nothing at the same moment would only collide. */
  startFirsts(policyOf: PolicyOf): Promise<void> {
    return this.#start(
      this.#members.filter(({ victim, group }) => victim.name === group.victims[0]),
      policyOf,
    );
  }

  startAll(policyOf: PolicyOf): Promise<void> {
    return this.#start(this.#members, policyOf);
  }

  async #start(members: readonly Member[], policyOf: PolicyOf): Promise<void> {
    for (const member of members) {
      await member.victim.start(await policyOf({ ...member, number: 0, doom: undefined }));
      this.#running.add(member.victim);
    }
  }

  /** Those that were started to live on. */
  async killRunning(): Promise<void> {
    await Promise.all([...this.#running].map((victim) => victim.kill()));
    this.#running.clear();
  }

  /** Starts every victim again whenever it has died, until nothing is wanted any more, or it takes too long. */
  async goOn(policyOf: PolicyOf, oldAtMs: number): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    await Promise.all(
      this.#members.map(async (member) => {
        for (let number = 0; this.kills.left.length > 0 && performance.now() < deadline; number += 1) {
          await this.#live({ ...member, number, doom: this.kills.pick() }, policyOf, oldAtMs);
        }
      }),
    );
    expect(this.kills.left).toEqual([]);
  }

  async #live(life: Life, policyOf: PolicyOf, oldAtMs: number): Promise<void> {
    const { victim, doom } = life;
    const { process } = await victim.start(await policyOf(life), doom);
    const old = victim.atWork.then(() => sleep(this.#lifetimeMs(oldAtMs), 'over', { ref: false }));
    const end = await Promise.race([process.exited, old]);
    if (end === 'over') await victim.kill();
    expect(await process.exited).toEqual({ code: null, signal: 'SIGKILL' });
  }

  /** A few lives end at any moment, soon; the others at a boundary that is still wanted, or else when they are old. */
  #lifetimeMs(oldAtMs: number): number {
    const { random } = this.#spec;
    return random() < 0.15 ? random() * 5_000 : oldAtMs * (0.5 + 0.5 * random());
  }

  /** The account, once all live on and nothing of ours is left but what is current. */
  async close(policyOf: PolicyOf): Promise<void> {
    const { account, setting, groups } = this.#spec;
    await this.startAll(policyOf);
    await account.settled(500_000);
    const figures = await account.close();
    process.stdout.write(`deaths at each step: ${this.kills.deaths}\n`);
    expect(figures.rotations).toBeGreaterThan(groups.flatMap(({ applications }) => applications).length);
    const live = setting.glesys.account.credentials(INSTANCE).map(({ accessKeyId }) => accessKeyId);
    expect([...(await setting.ring.liveAccessKeyIds())].toSorted()).toEqual(live.toSorted());
  }
}

/** Who shares S3 with nobody makes every call there. */
function onlyOne(opened: readonly Victim[]): Victim | undefined {
  return opened.length === 1 ? opened[0] : undefined;
}
