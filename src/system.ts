import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { Clock, RandomHex } from './rotation/ports.ts';

/** Time, randomness and identity of this process; everything else is given them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => setTimeout(ms),
};

export const cryptoHex: RandomHex = (bytes) => randomBytes(bytes).toString('hex');

/** Who types a command here, as others read it in a record. */
export function operatorName(): string {
  return printable(`${userInfo().username}@${hostname()}`);
}

/** Whatever a machine is called, its name stands in records and messages, which take printable ASCII only. */
const UNPRINTABLE = /[^\x21-\x7e]/g;
const LONGEST_HOST = 253;

/** Who this process is among the replicas: no two are alike, and a person can tell where it runs. */
export function replicaName(host: string = hostname()): string {
  return `${printable(host)}-${cryptoHex(4)}`;
}

function printable(name: string): string {
  return name.replaceAll(UNPRINTABLE, '_').slice(0, LONGEST_HOST);
}
