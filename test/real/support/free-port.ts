import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to whoever connects or asks for any (from 32768 on Linux), and above well-known ones. */
const RANGE = { from: 15_000, to: 32_000 } as const;
const TRIES = 50;

/**
 * A port of 127.0.0.1 for a server that must be told one, perhaps long before it listens there. Chosen at random where
 * no system gives one away by itself: of those, somebody's connection may have taken it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${RANGE.from} and ${RANGE.to} in ${TRIES} tries`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
