import fc from 'fast-check';
import { test } from 'vitest';
import { wrongInTheEnd } from './ending.ts';
import { REAL } from './heart.ts';
import type { Charge } from './replica.ts';
import { application, charge, EMPTY, HOUR, START, sceneOf } from './scenes/parts.ts';
import { Wander } from './wander.ts';

/** `REKEYD_MODEL_SEED` walks the same ways again; without it they are the same on every machine. */
const SEED = Number(process.env['REKEYD_MODEL_SEED'] ?? 20_261_123);
const WALKS = Number(process.env['REKEYD_MODEL_WALKS'] ?? 100);
const STEPS = Number(process.env['REKEYD_MODEL_STEPS'] ?? 400);
const PATIENCE_MS = 60_000 + WALKS * STEPS * 20;

const BOTH = [
  application(),
  application({ name: 'mail', rotate: { everyMs: 3 * HOUR, timezone: 'UTC', jitterMs: 0 } }),
];
const CHARGES: readonly Charge[] = [
  charge('r1', { applications: BOTH }),
  charge('r2', { applications: BOTH, aheadMs: 40_000 }),
  charge('r3', { applications: BOTH }),
];

async function walk(choices: readonly number[]): Promise<void> {
  const wander = new Wander(REAL, CHARGES, { ...EMPTY, now: START });
  for (const choice of choices) {
    const wrong = await wander.step(choice);
    if (wrong) throw new Error(`${wrong}, after\n${wander.trace.join('\n')}`);
  }
  for (const { name } of BOTH) await goodEnd(wander, name);
}

/** What a person has to decide on. A rollback may rightly look like a restored Vault. */
const FOR_A_PERSON = /(?:: | in )(?:behind|deleted|strays-full)$/;

async function goodEnd(wander: Wander, name: string): Promise<void> {
  const scene = sceneOf(wander.outside, { application: name, charges: CHARGES });
  const wrong = await wrongInTheEnd(scene, wander.outside, REAL);
  if (wrong && !FOR_A_PERSON.test(wrong)) throw new Error(`${wrong}, of ${name}, after\n${wander.trace.join('\n')}`);
}

test('three replicas with two applications walk about for long, and no promise is broken', {
  timeout: PATIENCE_MS,
}, async () => {
  const choices = fc.array(fc.nat(1_000_000), { minLength: STEPS / 2, maxLength: STEPS, size: 'max' });
  await fc.assert(fc.asyncProperty(choices, walk), { seed: SEED, numRuns: WALKS, endOnFailure: true });
  process.stdout.write(`${WALKS} walks of up to ${STEPS} steps, seed ${SEED}\n`);
});
