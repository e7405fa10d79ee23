import type { RandomHex } from '../rotation/ports.ts';

/** 32 hex digits of randomness in the shape of a UUID. */
export function uuid(random: RandomHex): string {
  const hex = random(16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
