import { expect, test } from 'vitest';
import { explore } from './explore.ts';
import { sabotaged } from './heart.ts';
import { SABOTAGES } from './sabotages.ts';
import { SCENES } from './scenes/scenes.ts';

const PATIENCE_MS = 120_000;

/** As far as each of these scenes is free of it by the real heart: `interleavings.test.ts`. */
test.each(Object.entries(SABOTAGES))('is caught: %s', { timeout: PATIENCE_MS }, async (name, sabotage) => {
  const scene = await SCENES[sabotage.scene]?.();
  if (!scene) throw new Error(`there is no scene ${sabotage.scene}`);
  const { states, depth, found } = await explore(scene, await sabotaged(name));
  process.stdout.write(`${sabotage.against}: ${name}: ${found?.wrong}, depth ${depth}, after ${states} states\n`);
  expect(found?.wrong).toMatch(sabotage.breaks);
});
