import type { ApplicationPolicy } from '../policy/policy.ts';
import { pairIn } from '../rotation/mapping.ts';
import type { KeyPair, StoredSecret } from '../rotation/ports.ts';
import { digestOf, type RotationRecord, readRecord, revokeTime } from '../rotation/record.ts';

/** What a consumer may be told, and until when (Unix ms by this machine's clock) it may keep it. */
export interface Lending {
  readonly pair: KeyPair;
  readonly expiresAt: number;
}

/** What rekeyd does not vouch for is kept for no longer than this, in ms: a repair shows soon. */
const UNVOUCHED_MS = 60_000;

const RETIRED = 'it is retired';

/** A secret that can be read, and whose it should be. */
export interface Lent {
  readonly application: ApplicationPolicy;
  readonly owner: string;
  /** Undefined where it could not be found out. */
  readonly place: string | undefined;
  readonly stored: Extract<StoredSecret, { state: 'present' }>;
  /** Unix ms by this machine's clock, taken **before** the secret was read. */
  readonly now: number;
}

/**
 * How long a consumer may keep what stands in Vault, so that nobody ever holds a key past its revocation. An SDK asks
 * again some minutes before that moment and uses nothing after it. Pure; the reason where there is nothing to give.
 *
 * The current credential C was read after `now`. It is revoked only once a later publish has superseded it and its
 * grace has passed since. Whenever that publish comes, at `rotate_at`, late because it is overdue or on hold, or at this
 * very second because somebody asked for it, it comes after `now`: C lives until `now + grace` at least. So `rotate_at`
 * does not matter, and it must not: nobody can rely on a rotation coming as late as planned. What is given ends at
 *
 *     now + min(consumers.refresh, grace / 2)
 *
 * The refresh, because that is the promise of the policy by which people judge a grace, and what `leaked` counts on
 * when it shortens one. Half of the grace, because the other half is for what makes a grace shorter than it looks: a
 * publish that arrives late, a standby that answered with the version before, a process that takes its time. Both ends
 * are measured on one clock, the one that the SDK on this machine will look at, so no other clock matters.
 *
 * Where the record does not vouch for what stands there, it is given all the same, as every other consumer of that path
 * gets it, but for a minute at most: nothing of a refused application is rotated or revoked by itself, and a person is
 * about to repair it. That is so where there is no record of ours (unmanaged, unreadable, another's, copied) and where
 * the fields were edited. A superseded key that somebody put back is not revoked while it stands there, and never
 * before its `revoke_at`. A retired application's last key ends with its `revoke_at`.
 */
export function lend(lent: Lent): Lending | { readonly why: string } {
  const { application, stored, now } = lent;
  const reading = readRecord(stored.data.reveal());
  const record = reading.state === 'record' ? reading.record : undefined;
  const fields = record?.fields ?? application.fields;
  const pair = pairIn(stored.data, fields);
  if (!pair)
    return { why: record?.credential === null ? RETIRED : 'its fields hold no access key id and secret access key' };
  const bound = Math.min(application.consumers.refreshMs, application.graceMs / 2);
  if (record && vouches(record, pair, lent)) return { pair, expiresAt: now + bound };
  const left = livesFor(record, pair, lent);
  if (record?.credential === null) {
    return left > 0 ? { pair, expiresAt: now + Math.min(bound, left) } : { why: RETIRED };
  }
  const short = Math.min(bound, UNVOUCHED_MS);
  return { pair, expiresAt: now + (left > 0 ? Math.min(short, left) : short) };
}

/** Whether the record is ours, of this place, and names what stands in the fields as its current credential. */
function vouches(record: RotationRecord, pair: KeyPair, { owner, application, place, stored }: Lent): boolean {
  const isOurs = record.owner === owner && record.application === application.name && record.place === place;
  const isWhole = digestOf(stored.data.reveal(), Object.keys(record.fields)) === record.digest;
  return isOurs && isWhole && record.credential?.access_key_id === pair.accessKeyId;
}

/** For how many ms a superseded key lives by the later clock; Infinity where no date says so, none or less once it is over. */
function livesFor(record: RotationRecord | undefined, pair: KeyPair, { stored, now }: Lent): number {
  const entry = record?.superseded.find(({ access_key_id }) => access_key_id === pair.accessKeyId);
  return entry ? revokeTime(entry) - Math.max(now, stored.serverTime) : Number.POSITIVE_INFINITY;
}
