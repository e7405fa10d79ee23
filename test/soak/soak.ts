import type { Account } from '../real/support/account.ts';
import type { FaultProxy } from '../real/support/fault-proxy.ts';
import type { Way } from '../real/support/faults.ts';
import type { Person } from '../real/support/person.ts';
import type { ClusterSetting, PolicyParts } from '../real/support/setting.ts';
import type { Readers } from './readers.ts';
import type { Member, Team } from './team.ts';

/** Everything that trouble can be made with. */
export interface Soak {
  readonly setting: ClusterSetting;
  readonly account: Account;
  readonly team: Team;
  /** On rekeyd's ways. */
  readonly weather: Readonly<Record<Way, FaultProxy>>;
  readonly person: Person;
  readonly applications: readonly string[];
  readonly readers: Readers;
  readonly policy: (schedule: string, more?: Readonly<Record<string, unknown>>) => PolicyParts;
  readonly random: () => number;
}

/** Something that goes wrong and is well again when it resolves. */
export interface Trouble {
  readonly name: string;
  readonly weight: number;
  readonly make: (soak: Soak) => Promise<void>;
}

export const SECOND = 1_000;
/** A person tries a command again while the servers are in trouble. */
export const PATIENCE_MS = 240 * SECOND;

export const between = ({ random }: Soak, from: number, to: number): number => from + random() * (to - from);

export function pick<T>({ random }: Soak, from: readonly T[]): T {
  const one = from[Math.floor(random() * from.length)];
  if (one === undefined) throw new Error('there is nothing to pick from');
  return one;
}

export const anyMember = (soak: Soak): Member => pick(soak, soak.team.members);
export const anyApplication = (soak: Soak): string => pick(soak, soak.applications);
