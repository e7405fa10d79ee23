import type { IssueFacts } from './conditions.ts';
import type { RotateReason } from './decide.ts';
import { problemOf } from './errors.ts';
import type { Superseded } from './record.ts';
import type { Situation } from './situation.ts';
import { attemptMs, siteOf, type World } from './world.ts';

/** What the conditions before an issue are judged by. Throws `PortError` where the store does not answer. */
export async function gather(
  s: Situation,
  rotation: { readonly why: RotateReason; readonly enter: readonly Superseded[] },
  world: World,
): Promise<IssueFacts> {
  const { lists } = world;
  const { list } = s.observation;
  const { quota } = siteOf(world, s.application);
  const [standing, endpointSilent] = await Promise.all([
    world.store.standing(s.application.path, attemptMs(s.application)),
    world.verifier.reach(s.target).then(
      () => undefined,
      (error: unknown) => problemOf(error).reason,
    ),
  ]);
  return {
    standing,
    endpointSilent,
    version: s.observation.stored.version,
    path: s.application.path,
    attemptMs: attemptMs(s.application),
    graceMs: s.application.graceMs,
    inUse: list.size + lists.issuedSince(list),
    quota,
    live: s.own.length,
    urgent: rotation.why === 'gone' || !s.record,
    waitingStrays: s.record && rotation.enter.length === 0 ? s.strays.length : 0,
  };
}
