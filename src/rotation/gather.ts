import type { IssueFacts, WriteFacts } from './conditions.ts';
import { problemOf } from './errors.ts';
import type { StoreStanding } from './ports.ts';
import { liftsRefusal } from './refusals.ts';
import type { Situation } from './situation.ts';
import type { Entering } from './superseded.ts';
import { attemptMs, siteOf, type World } from './world.ts';

/** What the conditions before an issue are judged by. Throws `PortError` where the store does not answer. */
export async function gatherForIssue(s: Situation, entering: Entering, world: World): Promise<IssueFacts> {
  const { lists } = world;
  const { list, instance } = s.observation;
  const hidden = lists.leftAndHidden(list, s.application.name);
  const [standing, endpointSilent] = await Promise.all([
    standingOf(s, world),
    world.verifier.reach(s.target).then(
      () => undefined,
      (error: unknown) => problemOf(error).reason,
    ),
  ]);
  return {
    ...writeFacts(s, standing, seenLifetime(s)),
    attemptMs: attemptMs(s.application),
    distrusted: lists.distrusted(instance)?.reason,
    garbled: garbled(s),
    endpointSilent,
    inUse: list.size + lists.issuedSince(list),
    quota: siteOf(world, s.application).quota,
    live: liftsWithoutRecord(s) ? 0 : s.own.length + hidden,
    // where a refusal stops everything no grace ends, so its way out must not wait for one
    urgent: s.observation.current.is === 'gone' || !s.record || liftsRefusal(s) || s.request?.leaked === true,
    waitingStrays: (s.record && entering.strays.length === 0 ? s.strays.length : 0) + hidden,
  };
}

/** What the conditions before a write of the same credential are judged by. Throws `PortError`. */
export async function gatherForWrite(s: Situation, world: World): Promise<WriteFacts> {
  const facts = writeFacts(s, await standingOf(s, world), Number.POSITIVE_INFINITY);
  const { stored } = s.observation;
  // a version that the store will delete anyway loses nothing by another one that lives as long
  const ends = stored.state === 'present' ? stored.expiresAt : undefined;
  const losesNothing = ends !== undefined && s.latest + facts.lifetimeMs >= ends;
  return losesNothing ? { ...facts, lifetimeMs: Number.POSITIVE_INFINITY } : facts;
}

/**
 * What is written so that the store keeps it must not have to be written again at once: the token may see only one of
 * the settings, so what the newest version shows counts as well. Throws `PortError`.
 */
export async function gatherForRenewal(s: Situation, world: World): Promise<WriteFacts> {
  const facts = writeFacts(s, await standingOf(s, world), Number.POSITIVE_INFINITY);
  return { ...facts, lifetimeMs: Math.min(facts.lifetimeMs, seenLifetime(s)) };
}

function standingOf(s: Situation, world: World): Promise<StoreStanding> {
  return world.store.standing(s.application.path, attemptMs(s.application));
}

function writeFacts(s: Situation, standing: StoreStanding, seenMs: number): WriteFacts {
  const { path, graceMs } = s.application;
  return { standing, path, graceMs, lifetimeMs: standing.lifetimeMs ?? seenMs };
}

/**
 * Without a record nothing that was issued is ever revoked, and only a publish changes that: a person who asks for one
 * more, again and again, is bounded by the quota.
 */
function liftsWithoutRecord(s: Situation): boolean {
  return !s.record && liftsRefusal(s);
}

/** A description that begins as our markers do and is none: what is issued here cannot be recognised. */
function garbled({ observation: { list }, bearer }: Situation): string | undefined {
  const found = list.garbled.find(({ description }) => description.startsWith(`rekeyd:${bearer.owner}/`));
  return found && `the issuer lists ${found.accessKeyId} with a marker that is cut or changed`;
}

/** The token may not see the settings, but what it wrote last tells of them. */
function seenLifetime(s: Situation): number {
  const { stored } = s.observation;
  const isSeen = stored.state === 'present' && stored.expiresAt !== undefined;
  return isSeen ? (stored.expiresAt ?? 0) - stored.createdAt : Number.POSITIVE_INFINITY;
}
