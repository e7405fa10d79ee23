import { createHash } from 'node:crypto';

const BITS = 48;

/**
 * A number in [0, 1) that depends on nothing but the parts: the same on every replica and after every restart, and
 * spread evenly over different parts. The first 48 bits of SHA-256 over the parts as a JSON array.
 */
export function share(...parts: readonly string[]): number {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return digest.readUIntBE(0, BITS / 8) / 2 ** BITS;
}
