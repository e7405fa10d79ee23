import type { Parameters } from 'fast-check';

const SEED = 20_260_310;

/**
 * How a property is run: always with the same seed, so that a change that breaks something is what broke it.
 * `REKEYD_FUZZ_SEED` takes another seed, `REKEYD_FUZZ_RUNS` so many times as many runs. What fails prints its seed.
 */
export function runs(numRuns: number): Parameters<unknown> {
  const { REKEYD_FUZZ_SEED: seed = SEED, REKEYD_FUZZ_RUNS: times = 1 } = process.env;
  return { seed: Number(seed), numRuns: Math.round(numRuns * Number(times)), endOnFailure: Number(times) > 1 };
}

/** How long a property may take, in ms: more where more runs were asked for. */
export const PATIENCE = 240_000 * Math.max(1, Number(process.env['REKEYD_FUZZ_RUNS'] ?? 1));
