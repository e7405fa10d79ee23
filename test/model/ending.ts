import type { Superseded } from '../../src/rotation/record.ts';
import { Calm } from './calm.ts';
import type { Scene } from './explore.ts';
import type { Heart } from './heart.ts';
import { type Outside, recordAt, wornAt } from './outside.ts';
import { isCallers, standsInAField, wrongWith } from './promises.ts';
import { type Charge, callerOf } from './replica.ts';

const MOST_LOOKS = 12;

/**
 * I4: with faults gone, every stray and superseded credential of ours is gone in the end, but for those that only a
 * person revokes, and what Vault holds works. Returns what is wrong.
 */
export async function wrongInTheEnd(scene: Scene, outside: Outside, heart: Heart): Promise<string | undefined> {
  const [first] = scene.charges;
  if (!first) return undefined;
  const charge = { ...first, replica: 'the-last', aheadMs: 0, policyLoadedAt: outside.now };
  const calm = new Calm(heart, charge, { ...outside, flights: [], shortList: false });
  const trouble = await comeToRest(calm, scene);
  const wrong = wrongWith(calm.outside) ?? leftover(calm.outside, charge, scene.application);
  return wrong && trouble ? `${wrong}: ${trouble}` : (wrong ?? (trouble && `I4 it ends in ${trouble}`));
}

/** Looks again whenever something is to be done, until all graces are over. */
async function comeToRest(calm: Calm, scene: Scene): Promise<string | undefined> {
  const until = calm.outside.now + scene.horizonMs;
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const { trouble, nextAt } = await calm.settle(scene.application);
    const soon = Math.max(nextAt, calm.outside.now + calm.outside.graceMs / 4) + 1_000;
    if (trouble?.kind === 'refused' || calm.outside.now >= until) return trouble?.code;
    calm.elapse(Math.min(soon, until) - calm.outside.now);
  }
  const { trouble } = await calm.settle(scene.application);
  return trouble?.code;
}

/** What only a person revokes, and what a rotation of lately has left its grace. */
function mayStay({ revoke_at, why }: Superseded, now: number): boolean {
  return revoke_at === null || (why === 'rotated' && Date.parse(revoke_at) > now);
}

function leftover(outside: Outside, charge: Charge, application: string): string | undefined {
  const { owner, paths } = callerOf(charge, undefined);
  const path = paths[application] ?? '';
  const worn = wornAt(outside, path);
  if (!worn?.live) return `I4 what Vault holds at ${path} does not work in the end`;
  const kept = recordAt(outside, path)?.superseded.filter((entry) => mayStay(entry, outside.now)) ?? [];
  const left = outside.keys.filter(
    (key) => key.live && key.id !== worn.id && isCallers(key, { owner, paths: { [application]: path } }),
  );
  const strays = left.filter((key) => !kept.some(({ id }) => id === key.id) && !standsInAField(outside, key));
  return strays.length > 0 ? `I4 left for ever: ${strays.map(({ accessKeyId }) => accessKeyId).join(', ')}` : undefined;
}
