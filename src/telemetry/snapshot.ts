import type { ApplicationView, SupersededView, Trouble } from '../rotation/outcome.ts';
import type { BoardEntry } from './board-entry.ts';
import type { Chapter, Chronicle } from './chronicle.ts';
import type { ApplicationSnapshot, ApplicationSummary, HistorySnapshot } from './shapes.ts';

export type { ApplicationSnapshot };

/** ISO 8601 in UTC; a time that is unknown or never comes is left out of the JSON. */
export function iso(time: number | undefined): string | undefined {
  return time === undefined || !Number.isFinite(time) ? undefined : new Date(time).toISOString();
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
    rotate_at: iso(view?.rotateAt),
    overdue_seconds: Math.floor(entry.overdueSeconds),
    grace_seconds: entry.graceMs === undefined ? undefined : entry.graceMs / 1_000,
    superseded: view?.superseded.map(supersededOf) ?? [],
    strays: view?.strays,
    hold: view?.hold && { until: iso(view.hold.until), by: view.hold.by, why: view.hold.why },
    trouble: trouble && troubleOf(trouble, entry.troubleSince),
    failures: entry.failures,
    notices: entry.notices.map(({ code, reason, remedy }) => ({ code, reason, remedy })),
    next_at: iso(entry.nextAt),
    next: entry.next,
    last_success_at: iso(entry.lastSuccessAt),
    seen_at: iso(entry.seenAt),
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
    published_at: iso(view?.current?.publishedAt),
    rotate_at: iso(view?.rotateAt),
    next_at: iso(entry.nextAt),
    next: entry.next,
    superseded: superseded.length || undefined,
    superseded_access_key_ids: superseded.length > 0 ? superseded.map(({ accessKeyId }) => accessKeyId) : undefined,
    revoke_at: revokeTimes.length > 0 ? iso(Math.min(...revokeTimes)) : undefined,
    strays: view?.strays || undefined,
    held_until: iso(view?.hold?.until),
    code: trouble?.code,
    since: iso(entry.troubleSince),
    notices: notices.length > 0 ? notices.map(({ code }) => code) : undefined,
  };
}

/** An application's past and plan as JSON. */
export function historyOf({ since, chapters, incidents, coming }: Chronicle): HistorySnapshot {
  return {
    since: new Date(since).toISOString(),
    generations: chapters.map(generationOf),
    troubles: incidents.map(({ at, event, code, reason }) => ({ at: new Date(at).toISOString(), event, code, reason })),
    coming: coming.map(({ at, what, accessKeyId }) => ({
      at: new Date(at).toISOString(),
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
    issued_at: iso(chapter.issuedAt),
    verified_at: iso(chapter.verifiedAt),
    published_at: iso(chapter.publishedAt),
    superseded_at: iso(chapter.supersededAt),
    revoke_at: chapter.revokeAt === null ? null : iso(chapter.revokeAt),
    revoked_at: iso(chapter.revokedAt),
  };
}

function currentOf(current: NonNullable<ApplicationView['current']>) {
  return {
    credential_id: current.credentialId,
    access_key_id: current.accessKeyId,
    instance: current.instance,
    issued_at: iso(current.issuedAt),
    published_at: iso(current.publishedAt),
    adopted: current.adopted,
  };
}

function supersededOf(view: SupersededView) {
  return {
    credential_id: view.credentialId,
    access_key_id: view.accessKeyId,
    instance: view.instance,
    revoke_at: view.revokeAt === null ? null : iso(view.revokeAt),
    why: view.why,
  };
}

function troubleOf({ kind, code, reason, remedy }: Trouble, since: number | undefined) {
  return { kind, code, reason, remedy, since: iso(since) };
}
