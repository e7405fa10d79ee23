import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../real/support/account.ts';
import type { FaultProxy } from '../real/support/fault-proxy.ts';
import type { Person } from '../real/support/person.ts';
import { findRecord, pathOf } from '../real/support/record.ts';
import type { ClusterSetting, PolicyParts } from '../real/support/setting.ts';
import { revokeTokensOf } from '../real/support/tokens.ts';
import { poll } from '../support/poll.ts';
import type { Member, Team } from './team.ts';

/** Everything that trouble can be made with. */
export interface Soak {
  readonly setting: ClusterSetting;
  readonly account: Account;
  readonly team: Team;
  /** On rekeyd's ways. */
  readonly weather: Readonly<Record<'glesys' | 'vault' | 's3', FaultProxy>>;
  readonly person: Person;
  readonly applications: readonly string[];
  readonly policy: (schedule: string, more?: Readonly<Record<string, unknown>>) => PolicyParts;
  readonly random: () => number;
}

/** Something that goes wrong and is well again when it resolves. */
export interface Trouble {
  readonly name: string;
  readonly weight: number;
  readonly make: (soak: Soak) => Promise<void>;
}

const SECOND = 1_000;
/** A person tries a command again while the servers are in trouble. */
const PATIENCE_MS = 240 * SECOND;

const between = ({ random }: Soak, from: number, to: number): number => from + random() * (to - from);

function pick<T>({ random }: Soak, from: readonly T[]): T {
  const one = from[Math.floor(random() * from.length)];
  if (one === undefined) throw new Error('there is nothing to pick from');
  return one;
}

const anyMember = (soak: Soak): Member => pick(soak, soak.team.members);
const anyApplication = (soak: Soak): string => pick(soak, soak.applications);

async function kill(soak: Soak): Promise<void> {
  anyMember(soak).signal('SIGKILL');
  soak.account.kills += 1;
}

/** A machine that sleeps: whatever was under way wakes up later. */
async function suspend(soak: Soak): Promise<void> {
  const { process } = anyMember(soak).daemon;
  process.kill('SIGSTOP');
  await sleep(between(soak, 2, 20) * SECOND);
  process.kill('SIGCONT');
}

async function disturb(soak: Soak): Promise<void> {
  const proxy = pick(soak, Object.values(soak.weather));
  proxy.plan.disturb(0.1, `${soak.random()}`);
  await sleep(between(soak, 10, 30) * SECOND);
  proxy.plan.calm();
}

async function issuerAway(soak: Soak): Promise<void> {
  const { plan } = soak.weather.glesys;
  plan.disturb(1, 'away', [{ fault: { kind: 'status', status: 503 }, weight: 1 }]);
  await sleep(between(soak, 5, 30) * SECOND);
  plan.calm();
}

async function killLeader({ setting: { vault } }: Soak): Promise<void> {
  const leader = await vault.leader();
  await leader.kill();
  await vault.leader();
  await vault.revive(leader);
  await vault.whole();
}

async function freezeNode(soak: Soak): Promise<void> {
  const { vault } = soak.setting;
  const node = pick(soak, vault.nodes);
  node.freeze();
  await sleep(between(soak, 2, 8) * SECOND);
  node.thaw();
  await vault.whole();
}

async function seal(soak: Soak): Promise<void> {
  const { vault } = soak.setting;
  await vault.seal();
  await vault.unseal();
  await vault.whole();
}

async function revokeTokens({ setting: { vault } }: Soak): Promise<void> {
  await revokeTokensOf(vault, 'rekeyd');
}

async function edit(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  await soak.person.edit(application, { region: 'edited-by-hand' });
  await lift(soak, application, 'edited');
}

async function remove(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  await soak.person.kv('delete', [], pathOf(application));
  await lift(soak, application, 'deleted');
}

/** What the remedy says, typed again until the servers let it through or somebody else's write has overtaken the edit. */
async function lift({ team }: Soak, application: string, code: string): Promise<void> {
  await poll(`rekeyd rotate ${application} --despite ${code} to be done`, PATIENCE_MS, async () => {
    const ended = await team.rekeyd('rotate', application, '--despite', code);
    if (ended.code === 2) throw new Error(`rekeyd does not take its policy:\n${ended.words}`);
    return ended.code === 0 || ended.words.includes('nothing-to-lift') ? true : undefined;
  });
}

/** Somebody needs the old key once more, and keeps it in a field of the secret for a while. */
async function paste(soak: Soak): Promise<void> {
  const application = anyApplication(soak);
  const { record } = await findRecord(soak.setting.vault, application);
  const old = record.superseded.at(-1)?.access_key_id ?? 'none';
  await soak.person.edit(application, { pasted: old });
  await sleep(between(soak, 5, 15) * SECOND);
  await soak.person.edit(application, { pasted: '' });
}

async function writeBeside(soak: Soak): Promise<void> {
  await soak.person.edit(anyApplication(soak), { theirs: String(soak.random()) });
}

async function wrongClock(soak: Soak): Promise<void> {
  const { clock } = anyMember(soak);
  clock.shift(between(soak, -600, 600) * SECOND);
  await sleep(between(soak, 5, 20) * SECOND);
  clock.shift(0);
}

/** One replica after the other gets another policy, so that two stand side by side for a while. */
async function changePolicy(soak: Soak): Promise<void> {
  const fields = soak.random() < 0.5 ? { KEY: '{access_key_id}' } : { KEY: null };
  soak.team.adopt(soak.policy(`${41 + Math.floor(soak.random() * 9)}s`, { fields: { ...FIELDS, ...fields } }));
  for (const member of soak.team.members) {
    member.signal('SIGTERM');
    await member.daemon.process.exited;
    await sleep(between(soak, 1, 5) * SECOND);
  }
}

const FIELDS = {
  access_key_id: '{access_key_id}',
  secret_access_key: '{secret_access_key}',
  endpoint: '{endpoint}',
  region: '{region}',
};

export const TROUBLES: readonly Trouble[] = [
  { name: 'replica killed', weight: 6, make: kill },
  { name: 'replica suspended', weight: 2, make: suspend },
  { name: 'one call in ten failing', weight: 4, make: disturb },
  { name: 'GleSYS away', weight: 2, make: issuerAway },
  { name: 'Vault leader killed', weight: 1, make: killLeader },
  { name: 'Vault node frozen', weight: 2, make: freezeNode },
  { name: 'Vault sealed', weight: 1, make: seal },
  { name: 'tokens revoked', weight: 1, make: revokeTokens },
  { name: 'field edited by hand', weight: 2, make: edit },
  { name: 'secret deleted', weight: 1, make: remove },
  { name: 'old key put back', weight: 2, make: paste },
  { name: 'field of somebody else written', weight: 2, make: writeBeside },
  { name: 'clock wrong', weight: 2, make: wrongClock },
  { name: 'policy changed', weight: 1, make: changePolicy },
];
