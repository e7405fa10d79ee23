import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { Clock, RandomHex } from './rotation/ports.ts';

/** Time, randomness and identity of this process; everything else is given them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => setTimeout(ms),
};

export const cryptoHex: RandomHex = (bytes) => randomBytes(bytes).toString('hex');

/** Who this process is among the replicas: no two are alike, and a person can tell where it runs. */
export function replicaName(): string {
  return `${hostname()}-${cryptoHex(4)}`;
}
