import { createHash } from 'node:crypto';

/** Numbers in [0, 1) that are the same for the same seed (mulberry32 over the seed's hash). */
export function seeded(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32BE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed of this run: what `REKEYD_TEST_SEED` says, or a new one. Told when a test fails, so that it can be repeated. */
export function seedOfRun(): string {
  return process.env['REKEYD_TEST_SEED'] ?? String(Math.floor(Math.random() * 1e9));
}
