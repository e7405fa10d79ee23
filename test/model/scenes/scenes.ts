import { AMENDED } from './amended.ts';
import { CHOICES } from './choices.ts';
import { LIVES } from './lives.ts';
import type { Scenes } from './parts.ts';
import { REFUSED } from './refused.ts';
import { UNFIT } from './unfit.ts';

/** Every scene, by its name. */
export const SCENES: Scenes = {
  ...LIVES,
  ...CHOICES,
  ...AMENDED,
  ...named('refused: ', REFUSED),
  ...named('blocked: ', UNFIT),
};

function named(prefix: string, scenes: Scenes): Scenes {
  return Object.fromEntries(Object.entries(scenes).map(([name, make]) => [`${prefix}${name}`, make]));
}
