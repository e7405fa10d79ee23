import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until there is an answer other than `undefined`: for what gives no sign of its own, like the
 * health of a server that is just starting. `look` may fail meanwhile; the last failure is told at the end.
 */
export async function poll<T>(what: string, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last = 'there was nothing';
  while (performance.now() < deadline) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = String(error);
    }
    await sleep(50);
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}, but ${last}`);
}
