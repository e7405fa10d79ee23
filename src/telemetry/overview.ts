import type { Problem } from '../rotation/errors.ts';
import type { Board } from './board.ts';
import { type ApplicationState, type BoardEntry, isMeant, STATES } from './board-entry.ts';
import type { ServerHealth } from './server-health.ts';

/** Applications that have the same thing in their way. `since`: when the first of them was seen with it (Unix ms). */
export interface TroubleGroup extends Problem {
  readonly kind: 'refused' | 'failed' | 'blocked' | 'overdue' | 'notice';
  count: number;
  since?: number;
  /** The first few by name. */
  readonly applications: string[];
}

/** All applications at a glance. */
export interface Tally {
  readonly total: number;
  readonly states: Readonly<Record<ApplicationState, number>>;
  /** Refused, because a person took them out of service: not in trouble. */
  readonly retired: number;
  readonly held: number;
  readonly strays: number;
  /** Superseded credentials that still live or may live. */
  readonly superseded: number;
  /** What is wrong, the worst first. */
  readonly troubles: readonly TroubleGroup[];
  /** What happens next by plan; the soonest. */
  readonly next?: { readonly application: string; readonly at: number; readonly what: string };
  readonly overdue: ReadonlySet<string>;
}

const KINDS: readonly TroubleGroup['kind'][] = ['refused', 'failed', 'blocked', 'overdue', 'notice'];
const EXAMPLES = 5;

const OVERDUE: Problem = {
  code: 'overdue',
  reason: 'its time of rotation is past, and nothing that rekeyd knows of stands in its way',
  remedy: 'Many may be due at once and the issuer’s rate holds them back; otherwise rekeyd check looks for the cause.',
};

/** The server that an issuer's applications cannot do without and that fails for everybody; undefined where none does. */
export type DownOf = (issuer: string) => Pick<ServerHealth, 'server' | 'lastFailure'> | undefined;

/** Looks through all applications once. `now`: Unix ms. */
export function tallyOf(board: Board, now: number, downOf: DownOf = () => undefined): Tally {
  const states = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<ApplicationState, number>;
  const groups = new Map<string, TroubleGroup>();
  const overdue = new Set<string>();
  let [retired, held, strays, superseded] = [0, 0, 0, 0];
  let next: Tally['next'];
  for (const entry of board.each(now)) {
    states[entry.state] += 1;
    if (entry.state === 'refused' && entry.trouble && isMeant(entry.trouble)) retired += 1;
    if (entry.view?.hold && entry.view.hold.until > now) held += 1;
    strays += entry.view?.strays ?? 0;
    superseded += entry.view?.superseded.length ?? 0;
    if (entry.state === 'overdue') overdue.add(entry.application);
    for (const [kind, problem] of problemsOf(entry, downOf)) noteProblem(groups, kind, problem, entry);
    next = sooner(next, entry);
  }
  const troubles = [...groups.values()].toSorted(byWeight);
  return { total: board.size, states, retired, held, strays, superseded, troubles, overdue, ...(next && { next }) };
}

function problemsOf(
  { issuer, trouble, state, notices }: BoardEntry,
  downOf: DownOf,
): [TroubleGroup['kind'], Problem][] {
  const all = notices.map((notice): [TroubleGroup['kind'], Problem] => ['notice', notice]);
  if (trouble) all.unshift([isMeant(trouble) ? 'notice' : trouble.kind, trouble]);
  if (state === 'overdue') all.unshift(['overdue', overdueBecauseOf(downOf(issuer))]);
  return all;
}

function overdueBecauseOf(down: ReturnType<DownOf>): Problem {
  if (!down) return OVERDUE;
  const { server, lastFailure } = down;
  return {
    code: OVERDUE.code,
    reason: `its time of rotation is past, and ${server} fails for everybody`,
    remedy: `${lastFailure ? `${lastFailure.remedy} ` : ''}rekeyd probes ${server} by itself and goes on once it answers.`,
  };
}

function noteProblem(
  groups: Map<string, TroubleGroup>,
  kind: TroubleGroup['kind'],
  { code, reason, remedy }: Problem,
  { application, troubleSince, view }: BoardEntry,
): void {
  // what is late for another reason is another thing to do
  const key = `${kind}:${kind === 'overdue' ? reason : code}`;
  const group = groups.get(key) ?? { kind, code, reason, remedy, count: 0, applications: [] };
  groups.set(key, group);
  group.count += 1;
  if (group.applications.length < EXAMPLES) group.applications.push(application);
  const since = kind === 'overdue' ? view?.rotateAt : kind === 'notice' ? undefined : troubleSince;
  if (since !== undefined) group.since = Math.min(group.since ?? since, since);
}

function byWeight(a: TroubleGroup, b: TroubleGroup): number {
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || b.count - a.count;
}

function sooner(next: Tally['next'], { application, nextAt, next: what, trouble }: BoardEntry): Tally['next'] {
  // what is refused waits for a person, and is only looked at
  if (trouble?.kind === 'refused') return next;
  if (nextAt === undefined || what === undefined || (next && next.at <= nextAt)) return next;
  return { application, at: nextAt, what };
}
