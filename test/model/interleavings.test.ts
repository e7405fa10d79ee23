import { expect, test } from 'vitest';
import { explore, MOST_STATES } from './explore.ts';
import { REAL } from './heart.ts';
import { SCENES } from './scenes/scenes.ts';

const SECONDS_PER_STATE = 1 / 500;
const PATIENCE_MS = 60_000 + MOST_STATES * SECONDS_PER_STATE * 1_000;

test.each(Object.keys(SCENES))('no order of steps breaks a promise: %s', { timeout: PATIENCE_MS }, async (name) => {
  const scene = await SCENES[name]?.();
  if (!scene) throw new Error(`there is no scene ${name}`);
  const { states, steps, depth, complete, found } = await explore(scene, REAL);
  const whole = complete ? 'all of it' : 'as far as the bound';
  process.stdout.write(`${name}: ${states} states, ${steps} steps, depth ${depth}, ${whole}\n`);
  expect(found).toBeUndefined();
  expect(states).toBeGreaterThan(1);
});
