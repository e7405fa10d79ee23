import type { ApplicationView, SupersededView, Trouble } from '../rotation/outcome.ts';
import type { BoardEntry } from './board.ts';

/** ISO 8601 in UTC; a time that is unknown or never comes is left out of the JSON. */
function iso(time: number | undefined): string | undefined {
  return time === undefined || !Number.isFinite(time) ? undefined : new Date(time).toISOString();
}

/** An application as JSON shows it to other programs: snake_case, ISO times, nothing secret. */
export function snapshotOf(entry: BoardEntry) {
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

export type ApplicationSnapshot = ReturnType<typeof snapshotOf>;

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
