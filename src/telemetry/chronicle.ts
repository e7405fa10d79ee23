import type { ApplicationView } from '../rotation/outcome.ts';
import type { BoardEntry } from './board-entry.ts';
import type { Generation, GenerationFate, History, Incident } from './history.ts';

/** A generation and how it stands now. */
export interface Chapter extends Generation {
  readonly fate: GenerationFate;
}

/** What is going to happen by plan, at `at` (Unix ms). */
export interface Coming {
  readonly at: number;
  readonly what: 'rotation' | 'revocation' | 'end of the hold';
  readonly accessKeyId?: string;
}

/** An application's past and plan. Times are Unix ms. */
export interface Chronicle {
  readonly since: number;
  /** Newest first. */
  readonly chapters: readonly Chapter[];
  readonly incidents: readonly Incident[];
  readonly coming: readonly Coming[];
}

/** What this process saw of an application, together with what its record tells. */
export function chronicleOf(entry: BoardEntry, history: History): Chronicle {
  const { application, view } = entry;
  const seen = history.generations(application);
  const told = view ? toldBy(view) : [];
  const keys = new Set([...told, ...seen].map(({ accessKeyId }) => accessKeyId));
  const merged = [...keys].map((key): Chapter => {
    const has = (one: Generation) => one.accessKeyId === key;
    const one = { ...told.find(has), ...seen.find(has), ...planned(told.find(has), view), accessKeyId: key };
    return { ...one, fate: fateOf(one, view) };
  });
  return {
    since: history.since,
    chapters: merged.toSorted((a, b) => beginOf(b) - beginOf(a)),
    incidents: history.incidents(application),
    coming: comingOf(entry),
  };
}

/** The record is newer than the event where a person shortened a grace. */
function planned(told: Generation | undefined, view: ApplicationView | undefined): Partial<Generation> {
  if (told?.revokeAt === undefined) return {};
  return { revokeAt: told.revokeAt === null ? null : afterHold(told.revokeAt, view) };
}

/** Nothing is rotated or revoked by itself before a hold ends. */
function afterHold(time: number, view: ApplicationView | undefined): number {
  return Math.max(time, view?.hold?.until ?? time);
}

/** The record's own account of its credentials. */
function toldBy({ current, generation, superseded }: ApplicationView): Generation[] {
  const earlier = superseded.map(({ accessKeyId, revokeAt, why }, index): Generation => {
    // only the newest one that was rotated away is certain to have been replaced by the current one
    const isPrevious = why === 'rotated' && current && index === superseded.length - 1;
    return { accessKeyId, revokeAt, ...(isPrevious && { supersededAt: current.publishedAt }) };
  });
  if (!current) return earlier.toReversed();
  const { accessKeyId, issuedAt, publishedAt } = current;
  const now = { accessKeyId, issuedAt, publishedAt, ...(generation !== undefined && { generation }) };
  return [now, ...earlier.toReversed()];
}

function fateOf(one: Generation, view: ApplicationView | undefined): GenerationFate {
  if (one.revokedAt !== undefined) return 'revoked';
  if (view?.current?.accessKeyId === one.accessKeyId) return 'current';
  if (view?.superseded.some(({ accessKeyId }) => accessKeyId === one.accessKeyId)) return 'superseded';
  if (one.supersededAt !== undefined) return 'revoked';
  return 'candidate';
}

function beginOf(one: Generation): number {
  return one.issuedAt ?? one.publishedAt ?? one.supersededAt ?? 0;
}

function comingOf({ view }: BoardEntry): Coming[] {
  if (!view) return [];
  const coming: Coming[] = view.superseded.flatMap(({ accessKeyId, revokeAt }) =>
    revokeAt === null ? [] : [{ at: afterHold(revokeAt, view), what: 'revocation' as const, accessKeyId }],
  );
  if (view.hold) coming.push({ at: view.hold.until, what: 'end of the hold' });
  if (view.rotateAt !== undefined) coming.push({ at: afterHold(view.rotateAt, view), what: 'rotation' });
  return coming.toSorted((a, b) => a.at - b.at);
}
