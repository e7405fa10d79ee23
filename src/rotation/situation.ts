import type { ApplicationPolicy } from '../policy/policy.ts';
import type { PutOff } from './lists.ts';
import { type Bearer, isMarkedFor, type Marker } from './marker.ts';
import type { Observation } from './observe.ts';
import type { S3Target, SecretData } from './ports.ts';
import { asArrived, type RotationRecord, type Superseded } from './record.ts';
import type { OperatorRequest } from './rotator.ts';
import { attemptMs, CLOCK_TOLERANCE_MS } from './world.ts';

/** A credential that carries this application's and place's marker, wherever it was listed. */
export interface OwnCredential {
  readonly id: string;
  readonly accessKeyId: string;
  readonly instance: string;
  readonly marker: Marker;
}

/** What `decide` decides on: an observation, what should be true, and the time. All of it data. */
export interface Situation {
  readonly observation: Observation;
  readonly application: ApplicationPolicy;
  readonly bearer: Bearer;
  readonly target: S3Target;
  readonly record: RotationRecord | undefined;
  /** The fields of the newest version; empty where none can be read. */
  readonly data: SecretData;
  readonly own: readonly OwnCredential[];
  /** Own credentials that are neither the record's current one nor in its `superseded`. */
  readonly strays: readonly OwnCredential[];
  /** Unix ms by our clock. */
  readonly now: number;
  /** What must be past is past by both clocks, ours and Vault's; a grace starts at the later one. */
  readonly earliest: number;
  readonly latest: number;
  readonly clocksApartMs: number;
  readonly policyLoadedAt: number;
  readonly request: OperatorRequest | undefined;
  /** Ids of superseded credentials whose revocation was asked for after the list was: they may be gone already. */
  readonly revokedSince: ReadonlySet<string>;
  /** Revocations that failed lately, by credential id: they wait, and everything else goes on. */
  readonly putOff: ReadonlyMap<string, PutOff>;
  /** Who decides: what it wrote itself is no other policy's doing. */
  readonly replica: string;
}

export type Surroundings = Pick<
  Situation,
  'target' | 'now' | 'policyLoadedAt' | 'request' | 'revokedSince' | 'putOff' | 'replica'
>;

export function situate(observation: Observation, around: Surroundings): Situation {
  const record = recordIn(observation);
  const own = ownCredentials(observation);
  const known = new Set([record?.credential?.id, ...(record?.superseded ?? []).map((entry) => entry.id)]);
  const { serverTime } = observation.stored;
  // for what starts now: Vault's clock and what has gone by since by ours. What must be past gets no such help
  const serverNow = serverTime + Math.max(0, around.now - observation.readAt);
  return {
    ...around,
    observation,
    application: observation.application,
    bearer: observation.bearer,
    record,
    data: observation.stored.state === 'present' ? observation.stored.data.reveal() : {},
    own,
    strays: own.filter((credential) => !known.has(credential.id)),
    earliest: Math.min(around.now, serverTime),
    latest: Math.max(around.now, serverNow),
    clocksApartMs: Math.abs(observation.readAt - observation.stored.serverTime),
  };
}

function recordIn({ record, stored }: Observation): RotationRecord | undefined {
  if (record.state !== 'record') return undefined;
  return stored.state === 'present' ? asArrived(record.record, stored) : record.record;
}

function ownCredentials(observation: Observation): readonly OwnCredential[] {
  return [...observation.lists].flatMap(([instance, list]) =>
    list.of(observation.bearer).map(({ id, accessKeyId, marker }) => ({ id, accessKeyId, instance, marker })),
  );
}

export function clocksDisagree(s: Situation): boolean {
  return s.clocksApartMs > CLOCK_TOLERANCE_MS;
}

/** The age in ms at which no attempt of any replica can still be under way, clocks included. */
export function strayAgeMs(application: ApplicationPolicy): number {
  return attemptMs(application) + CLOCK_TOLERANCE_MS;
}

export function isOldStray(s: Situation, stray: OwnCredential): boolean {
  const { attemptedAt } = stray.marker;
  // a date that lies ahead tells no age; entering is fenced and safe at any
  if (attemptedAt > s.latest + CLOCK_TOLERANCE_MS) return true;
  return s.earliest - attemptedAt > strayAgeMs(s.application);
}

/** A hold is over when it is by our clock and by Vault's, like every time that must be past. */
export function isHeld(s: Situation): boolean {
  return s.record?.hold !== undefined && Date.parse(s.record.hold.until) > s.earliest;
}

/** Whether the record was written for exactly this owner, application and place. */
export function isOurRecord(s: Situation, record: RotationRecord): boolean {
  const { owner, application, place } = s.bearer;
  return record.owner === owner && record.application === application && record.place === place;
}

/** Whether the list shows this credential with our marker; `undefined` where no list shows it. */
export function showsOurMarker(s: Situation, credential: { instance: string; id: string }): boolean | undefined {
  const seen = s.observation.lists.get(credential.instance)?.byId(credential.id);
  return seen && isMarkedFor(seen.marker, s.bearer);
}

/** Only a list of its own instance that lacks it settles an entry, and only while that list is to be trusted. */
export function isSettled(s: Situation, entry: Superseded): boolean {
  const list = s.observation.lists.get(entry.instance);
  const trusted = s.observation.current.is !== 'unlisted' && s.observation.current.is !== 'uncertain';
  return trusted && list !== undefined && list.byId(entry.id) === undefined;
}

/**
 * The highest generation that counts. Without a record, what may still be under way does not: if it arrived late, the
 * record would look like that of a restored Vault.
 */
export function highestGeneration(s: Situation): number {
  const counted = s.record ? s.strays : s.strays.filter((stray) => isOldStray(s, stray));
  // no spread: a list may hold more than a call takes arguments
  return counted.reduce((most, { marker }) => Math.max(most, marker.generation), s.record?.generation ?? 0);
}

/**
 * When (Unix ms) something done at `now` counts as done for the schedule. A clock that is far ahead must not put the
 * next rotation off, so where the clocks disagree the earlier one counts.
 */
export function scheduleTime(s: Situation, now = s.now): number {
  return clocksDisagree(s) ? Math.min(now, s.earliest + (now - s.now)) : now;
}

/** The situation a while later: what starts then, graces above all, starts at the clocks of then. */
export function later(s: Situation, now: number): Situation {
  return { ...s, latest: s.latest + (now - s.now) };
}
