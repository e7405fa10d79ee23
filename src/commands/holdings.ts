import type { ApplicationPolicy } from '../policy/policy.ts';
import type { CredentialList, SeenCredential } from '../rotation/credential-list.ts';
import type { Marker } from '../rotation/marker.ts';
import type { ApplicationView, Outcome } from '../rotation/outcome.ts';
import { strayAgeMs } from '../rotation/situation.ts';

/**
 * How a listed credential stands, what wants a person's eye first.
 * - `overdue`: superseded, and its time of revocation has passed.
 * - `unread`: marked for an application whose record could not be read.
 * - `stray`: issued for an application and in no record; entered into it once old enough, then revoked.
 * - `unclaimed`: issued by this deployment for an application or path that its policy does not have.
 * - `still-live`: superseded, and only a person revokes it (adopted, or from beyond a restored backup).
 * - `in-grace`: superseded, revoked by itself at its time.
 * - `in-the-making`: so young that a rotation may be busy with it.
 * - `foreign`: not issued by this deployment; never touched by itself.
 */
export const KEY_STATES = [
  'overdue',
  'unread',
  'stray',
  'unclaimed',
  'still-live',
  'in-the-making',
  'in-grace',
  'current',
  'foreign',
] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** A credential of an instance, and whose it is. Times are Unix ms. */
export interface HeldKey {
  readonly credentialId: string;
  readonly accessKeyId: string;
  readonly description: string;
  readonly createdAt: number | undefined;
  readonly state: KeyState;
  /** As the record or the marker says; a foreign one has one only in another deployment's marker. */
  readonly owner?: string;
  readonly application?: string;
  readonly generation?: number;
  readonly adopted: boolean;
  /** Superseded ones: null where only a person revokes it. */
  readonly revokeAt?: number | null;
}

/** What is known of the applications that may have credentials on the instance. */
export interface Known {
  readonly owner: string;
  readonly applications: ReadonlyMap<string, ApplicationPolicy>;
  /** How they were found; read before the list was asked for. */
  readonly outcomes: readonly Outcome[];
  /** By application: the place that its path is now. */
  readonly places: ReadonlyMap<string, string>;
  readonly now: number;
}

type Claim = Pick<HeldKey, 'application' | 'state' | 'adopted' | 'revokeAt' | 'generation'>;

/** Every credential of the list, by what wants a person's eye first, then by application and generation. Pure. */
export function holdings(list: CredentialList, known: Known): readonly HeldKey[] {
  const claims = claimsOn(list.instance, known);
  const unread = new Set(known.outcomes.filter(({ view }) => !view).map(({ application }) => application));
  return [...list.all()].map((seen) => heldKey(seen, claims.get(seen.id), { ...known, unread })).toSorted(inOrder);
}

function claimsOn(instance: string, { outcomes, now }: Known): ReadonlyMap<string, Claim> {
  const claims = outcomes.flatMap(({ view }) => (view && !view.isOfAnother ? claimsOf(view, instance, now) : []));
  return new Map(claims);
}

function claimsOf(view: ApplicationView, instance: string, now: number): [string, Claim][] {
  const { application, current, superseded, generation } = view;
  const entries = superseded
    .filter((entry) => entry.instance === instance)
    .map((entry): [string, Claim] => {
      const { revokeAt, why } = entry;
      return [entry.credentialId, { application, revokeAt, state: fateOf(revokeAt, now), adopted: why === 'adopted' }];
    });
  if (current?.instance !== instance) return entries;
  const { credentialId, adopted } = current;
  const claim: Claim = { application, state: 'current', adopted, ...(generation !== undefined && { generation }) };
  return [...entries, [credentialId, claim]];
}

function fateOf(revokeAt: number | null, now: number): KeyState {
  if (revokeAt === null) return 'still-live';
  return revokeAt > now ? 'in-grace' : 'overdue';
}

function heldKey(
  { id, accessKeyId, description, createdAt, marker }: SeenCredential,
  claim: Claim | undefined,
  known: Known & { readonly unread: ReadonlySet<string> },
): HeldKey {
  const named = marker && { owner: marker.owner, application: marker.application, generation: marker.generation };
  const own = claim && { owner: known.owner, ...claim };
  const state = claim?.state ?? unclaimedState(marker, known);
  return { credentialId: id, accessKeyId, description, createdAt, adopted: false, ...named, ...own, state };
}

function unclaimedState(
  marker: Marker | undefined,
  { owner, applications, places, unread, now }: Known & { readonly unread: ReadonlySet<string> },
): KeyState {
  if (marker?.owner !== owner) return 'foreign';
  const application = applications.get(marker.application);
  if (application && unread.has(marker.application)) return 'unread';
  if (!application || places.get(marker.application) !== marker.place) return 'unclaimed';
  return now - marker.attemptedAt > strayAgeMs(application) ? 'stray' : 'in-the-making';
}

function inOrder(a: HeldKey, b: HeldKey): number {
  return rank(a) - rank(b) || nameOf(a).localeCompare(nameOf(b)) || (b.generation ?? 0) - (a.generation ?? 0);
}

/** What is well stands together, one application after the other. */
function rank({ state }: HeldKey): number {
  return KEY_STATES.indexOf(state === 'in-grace' ? 'current' : state);
}

function nameOf({ application = '', description }: HeldKey): string {
  return application || description;
}
