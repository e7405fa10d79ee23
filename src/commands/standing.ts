import { type BoardEntry, isMeant } from '../telemetry/board-entry.ts';
import { lateKeys } from './late.ts';

/** How an application stands for who looks at many, the worst first, and how so many of them are called. */
export const STANDINGS = {
  refused: 'refused',
  failing: 'failing',
  blocked: 'blocked',
  overdue: 'overdue',
  unknown: 'unknown',
  new: 'new',
  'key-overdue': 'with an overdue key',
  noticed: 'with a notice',
  well: 'well',
  retired: 'out of service',
} as const;
export type Standing = keyof typeof STANDINGS;

const ORDER = Object.keys(STANDINGS);

export function standingOf(entry: BoardEntry, now: number): Standing {
  const { state, notices } = entry;
  const isRetired = isOutOfService(entry);
  if (!isRetired && state in STANDINGS) return state as Standing;
  if (lateKeys(entry, now).length > 0) return 'key-overdue';
  if (isRetired) return 'retired';
  return notices.length > 0 ? 'noticed' : 'well';
}

/** Somebody took it out of service; while something of it is to be revoked, only its record says so. */
function isOutOfService({ state, trouble, view }: BoardEntry): boolean {
  if (trouble) return isMeant(trouble);
  return state === 'new' && view?.generation !== undefined;
}

/** What is wrong comes first. */
export function rankOf(entry: BoardEntry, now: number): number {
  return ORDER.indexOf(standingOf(entry, now));
}

/** Nothing about it needs anybody. */
export function isWell(entry: BoardEntry, now: number): boolean {
  return rankOf(entry, now) >= ORDER.indexOf('well');
}
