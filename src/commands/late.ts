import type { Problem } from '../rotation/errors.ts';
import type { SupersededView } from '../rotation/outcome.ts';
import type { BoardEntry } from '../telemetry/board-entry.ts';

/** In ms: what is past its time by no more than this may only be waiting for its turn. */
const LATE_AFTER_MS = 60_000;

/** When a superseded credential of it is revoked, its hold counted in (Unix ms); null: only a person revokes it. */
export function endOf({ revokeAt }: SupersededView, { view }: BoardEntry): number | null {
  return revokeAt === null ? null : Math.max(revokeAt, view?.hold?.until ?? 0);
}

/** Superseded credentials that should have been revoked, and that nothing one look can see keeps alive. */
export function lateKeys(entry: BoardEntry, now: number): readonly SupersededView[] {
  return (entry.view?.superseded ?? []).filter((key) => {
    const end = endOf(key, entry);
    return end !== null && now - end > LATE_AFTER_MS && isToBeRevokedNow(key, entry, now);
  });
}

/** What is withheld, put off or behind a refusal is not named there, and has its own words. */
function isToBeRevokedNow({ accessKeyId }: SupersededView, { nextAt, next = '' }: BoardEntry, now: number): boolean {
  return nextAt !== undefined && nextAt <= now && next.startsWith('revoke ') && next.includes(accessKeyId);
}

/** What is past its time. A look only sees that it is; why, only who tried it knows. */
export function lateProblems(entry: BoardEntry, now: number): readonly Problem[] {
  const { application, state } = entry;
  const [key] = lateKeys(entry, now);
  return [...(state === 'overdue' ? [rotationLate(application)] : []), ...(key ? [revocationLate(key, entry)] : [])];
}

function rotationLate(application: string): Problem {
  return {
    code: 'overdue',
    reason: 'its time of rotation is past, and no hold makes it wait',
    remedy: `${whoKnows(application)} rekeyd rotate ${application} tries it now and says why.`,
  };
}

function revocationLate({ accessKeyId, instance }: SupersededView, { application, issuer, view }: BoardEntry): Problem {
  // one that was left on another instance belongs to another issuer of the policy
  const isElsewhere = view?.current !== undefined && view.current.instance !== instance;
  return {
    code: 'revocation-overdue',
    reason: 'its grace is over, and a superseded credential still lives',
    remedy: `${whoKnows(application)} rekeyd revoke ${isElsewhere ? 'ISSUER' : issuer} ${accessKeyId} tries it now and says why.`,
  };
}

function whoKnows(application: string): string {
  return `A look cannot tell why: where a daemon runs, its page, its log and /api/v1/applications/${application} do.`;
}
