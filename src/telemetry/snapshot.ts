import type { ApplicationView, SupersededView, Trouble } from '../rotation/outcome.ts';
import { iso } from '../rotation/record.ts';
import type { BoardEntry } from './board-entry.ts';
import type { Chapter, Chronicle } from './chronicle.ts';
import type { ApplicationSnapshot, ApplicationSummary, HistorySnapshot } from './shapes.ts';

export type { ApplicationSnapshot };

/** ISO 8601 in UTC; a time that is unknown or never comes is left out of the JSON. */
export function isoIfAny(time: number | undefined): string | undefined {
  return time === undefined || !Number.isFinite(time) ? undefined : iso(time);
}

/** An application as JSON shows it to other programs: snake_case, ISO times, nothing secret. */
export function snapshotOf(entry: BoardEntry): ApplicationSnapshot {
  const { view, trouble } = entry;
  return {
    application: entry.application,
    issuer: entry.issuer,
    path: entry.path,
    state: entry.state,
    generation: view?.generation,
    current: view?.current && currentOf(view.current),
    rotate_at: isoIfAny(view?.rotateAt),
    overdue_seconds: Math.floor(entry.overdueSeconds),
    grace_seconds: entry.graceMs === undefined ? undefined : entry.graceMs / 1_000,
    superseded: view?.superseded.map(supersededOf) ?? [],
    strays: view?.strays,
    hold: view?.hold && { until: isoIfAny(view.hold.until), by: view.hold.by, why: view.hold.why },
    trouble: trouble && troubleOf(trouble, entry.troubleSince),
    failures: entry.failures,
    notices: entry.notices.map(({ code, reason, remedy }) => ({ code, reason, remedy })),
    next_at: isoIfAny(entry.nextAt),
    next: entry.next,
    last_success_at: isoIfAny(entry.lastSuccessAt),
    seen_at: isoIfAny(entry.seenAt),
  };
}

/** The same in one line, for lists of many. */
export function summaryOf(entry: BoardEntry): ApplicationSummary {
  const { view, trouble, notices } = entry;
  const superseded = view?.superseded ?? [];
  const revokeTimes = superseded.flatMap(({ revokeAt }) => revokeAt ?? []);
  return {
    application: entry.application,
    issuer: entry.issuer,
    path: entry.path,
    state: entry.state,
    generation: view?.generation,
    access_key_id: view?.current?.accessKeyId,
    published_at: isoIfAny(view?.current?.publishedAt),
    rotate_at: isoIfAny(view?.rotateAt),
    next_at: isoIfAny(entry.nextAt),
    next: entry.next,
    superseded: superseded.length || undefined,
    superseded_access_key_ids: superseded.length > 0 ? superseded.map(({ accessKeyId }) => accessKeyId) : undefined,
    revoke_at: revokeTimes.length > 0 ? isoIfAny(Math.min(...revokeTimes)) : undefined,
    strays: view?.strays || undefined,
    held_until: isoIfAny(view?.hold?.until),
    code: trouble?.code,
    since: isoIfAny(entry.troubleSince),
    notices: notices.length > 0 ? notices.map(({ code }) => code) : undefined,
  };
}

/** An application's past and plan as JSON. */
export function historyOf({ since, chapters, incidents, coming }: Chronicle): HistorySnapshot {
  return {
    since: iso(since),
    generations: chapters.map(generationOf),
    troubles: incidents.map(({ at, event, code, reason }) => ({ at: iso(at), event, code, reason })),
    coming: coming.map(({ at, what, accessKeyId }) => ({
      at: iso(at),
      what,
      access_key_id: accessKeyId,
    })),
  };
}

function generationOf(chapter: Chapter): HistorySnapshot['generations'][number] {
  return {
    generation: chapter.generation,
    access_key_id: chapter.accessKeyId,
    fate: chapter.fate,
    issued_at: isoIfAny(chapter.issuedAt),
    verified_at: isoIfAny(chapter.verifiedAt),
    published_at: isoIfAny(chapter.publishedAt),
    superseded_at: isoIfAny(chapter.supersededAt),
    revoke_at: chapter.revokeAt === null ? null : isoIfAny(chapter.revokeAt),
    revoked_at: isoIfAny(chapter.revokedAt),
  };
}

function currentOf(current: NonNullable<ApplicationView['current']>) {
  return {
    credential_id: current.credentialId,
    access_key_id: current.accessKeyId,
    instance: current.instance,
    issued_at: isoIfAny(current.issuedAt),
    published_at: isoIfAny(current.publishedAt),
    adopted: current.adopted,
  };
}

function supersededOf(view: SupersededView) {
  return {
    credential_id: view.credentialId,
    access_key_id: view.accessKeyId,
    instance: view.instance,
    revoke_at: view.revokeAt === null ? null : isoIfAny(view.revokeAt),
    why: view.why,
  };
}

function troubleOf({ kind, code, reason, remedy }: Trouble, since: number | undefined) {
  return { kind, code, reason, remedy, since: isoIfAny(since) };
}
