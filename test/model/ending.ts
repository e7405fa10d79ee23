import type { Outcome, Trouble } from '../../src/rotation/outcome.ts';
import { Calm } from './calm.ts';
import { callerOf } from './errands.ts';
import type { Scene } from './explore.ts';
import type { Heart } from './heart.ts';
import { dueAt, expiresAt, isCallers, type Key, type Outside, recordAt, standsInAField, wornAt } from './outside.ts';
import { graceEnd, wrongWith } from './promises.ts';
import type { Charge } from './replica.ts';

const MOST_LOOKS = 12;
/** A quarter of the grace goes by between two looks, and clocks may be a minute apart. */
const LOOK_MS = 20 * 60_000;

/**
 * I4: with faults gone, every stray and superseded credential of ours is gone in the end, but for those that only a
 * person revokes, and what Vault holds works. Returns what is wrong.
 */
export async function wrongInTheEnd(scene: Scene, outside: Outside, heart: Heart): Promise<string | undefined> {
  const [first] = scene.charges;
  if (!first) return undefined;
  const charge = { ...first, replica: 'the-last', aheadMs: 0, policyLoadedAt: outside.now };
  const calm = new Calm(heart, charge, { ...outside, flights: [], shortList: false });
  const trouble = await comeToRest(calm, scene, callerOf(charge).paths[scene.application] ?? '');
  const still = wrongWith(calm.outside) ?? leftover(calm.outside, charge, scene.application);
  if (isFullForAPerson(calm.outside, charge, scene.application)) return still;
  const wrong = still ?? (trouble ? undefined : await wrongWhenDue(calm, charge, scene.application));
  return wrong && trouble ? `${wrong}: ${trouble}` : (wrong ?? (trouble && `I4 it ends in ${trouble}`));
}

/** At four live ones nothing more is issued, and only a person revokes those that came from beyond a backup. */
function isFullForAPerson(outside: Outside, charge: Charge, application: string): boolean {
  const path = callerOf(charge).paths[application] ?? '';
  const superseded = recordAt(outside, path)?.superseded ?? [];
  return superseded.filter(({ revoke_at }) => revoke_at === null).length >= 3;
}

/** It goes on: what falls due next is rotated. */
async function wrongWhenDue(calm: Calm, charge: Charge, application: string): Promise<string | undefined> {
  const path = callerOf(charge).paths[application] ?? '';
  const before = recordAt(calm.outside, path);
  if (!before) return `I4 ${path} has no record in the end`;
  const isRetired = before.credential === null;
  calm.elapse(Math.max(0, dueAt(calm.outside, path) + 1_000 - calm.outside.now));
  const { trouble } = await calm.settle(application);
  const generation = recordAt(calm.outside, path)?.generation ?? 0;
  if (isRetired) return wrongWith(calm.outside);
  if (generation > before.generation) return wrongWith(calm.outside);
  return `N ${path} is not rotated any more when it is due: ${trouble?.code ?? 'nothing stands in the way'}`;
}

/** Nothing falls due in a retired application, but what was issued for it has its grace, and a hold draws it out. */
function looksAgainAt({ now, graceMs, ...outside }: Outside, path: string, { trouble, nextAt }: Outcome): number {
  const held = Date.parse(recordAt(outside, path)?.hold?.until ?? '');
  const next = trouble?.code === 'retired' ? held || 0 : nextAt;
  return Math.max(next, now + graceMs / 4) + 1_000;
}

/** Looks again whenever something is to be done, until all graces are over. */
async function comeToRest(calm: Calm, scene: Scene, path: string): Promise<string | undefined> {
  const until = calm.outside.now + scene.horizonMs;
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const outcome = await calm.settle(scene.application);
    const trouble = inTheWay(outcome);
    const soon = looksAgainAt(calm.outside, path, outcome);
    if (trouble?.kind === 'refused' || calm.outside.now >= until) return trouble?.code;
    calm.elapse(Math.min(soon, until) - calm.outside.now);
    if (expiresAt(calm.outside, path) <= calm.outside.now) return 'a secret that Vault has deleted';
  }
  return inTheWay(await calm.settle(scene.application))?.code;
}

/** That a retired application stays out of service is as it should be. */
function inTheWay({ trouble }: Outcome): Trouble | undefined {
  return trouble?.code === 'retired' ? undefined : trouble;
}

/** What was replaced lately has its grace, with the time that a look takes, and no more. */
function isInGrace(key: Key, outside: Outside): boolean {
  return key.replacedAt !== undefined && outside.now < graceEnd(key, outside) + LOOK_MS;
}

function leftover(outside: Outside, charge: Charge, application: string): string | undefined {
  const { owner, paths } = callerOf(charge);
  const path = paths[application] ?? '';
  const worn = wornAt(outside, path);
  const isRetired = recordAt(outside, path)?.credential === null;
  if (!worn?.live && !isRetired) return `I4 what Vault holds at ${path} does not work in the end`;
  const kept = recordAt(outside, path)?.superseded.filter(({ revoke_at }) => revoke_at === null) ?? [];
  const left = outside.keys.filter(
    (key) => key.live && key.id !== worn?.id && isCallers(key, { owner, paths: { [application]: path } }),
  );
  const excused = (key: Key): boolean =>
    kept.some(({ id }) => id === key.id) || standsInAField(outside, key) || isInGrace(key, outside);
  const strays = left.filter((key) => !excused(key));
  return strays.length > 0 ? `I4 left for ever: ${strays.map(({ accessKeyId }) => accessKeyId).join(', ')}` : undefined;
}
