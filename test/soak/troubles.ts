import { setTimeout as sleep } from 'node:timers/promises';
import { WAYS, withDelays } from '../real/support/faults.ts';
import { revokeTokensOf } from '../real/support/tokens.ts';
import { PEOPLE } from './people.ts';
import { anyMember, between, pick, SECOND, type Soak, type Trouble } from './soak.ts';

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
  const way = pick(soak, WAYS);
  const { plan } = soak.weather[way];
  plan.disturb(0.1, `${soak.random()}`, withDelays(way));
  await sleep(between(soak, 10, 30) * SECOND);
  plan.calm();
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

async function wrongClock(soak: Soak): Promise<void> {
  const { clock } = anyMember(soak);
  clock.shift(between(soak, -600, 600) * SECOND);
  await sleep(between(soak, 5, 20) * SECOND);
  clock.shift(0);
}

export const TROUBLES: readonly Trouble[] = [
  { name: 'replica killed', weight: 6, make: kill },
  { name: 'replica suspended', weight: 2, make: suspend },
  { name: 'one call in ten failing', weight: 4, make: disturb },
  { name: 'GleSYS away', weight: 2, make: issuerAway },
  { name: 'Vault leader killed', weight: 1, make: killLeader },
  { name: 'Vault node frozen', weight: 2, make: freezeNode },
  { name: 'Vault sealed', weight: 1, make: seal },
  { name: 'tokens revoked', weight: 1, make: revokeTokens },
  { name: 'clock wrong', weight: 2, make: wrongClock },
  ...PEOPLE,
];
