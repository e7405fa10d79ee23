import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Program } from './program.ts';

const LOOK_EVERY_MS = 10;

/** Asks `/readyz` until it answers 200: every application has been looked at. Returns ms since the process was started. */
export async function becomesReady(daemon: Program, timeoutMs = 300_000): Promise<number> {
  const { http } = await daemon.until('daemon.started');
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const { statusCode, body } = await request(`${http}/readyz`);
    await body.dump();
    if (statusCode === 200) return Date.now() - daemon.startedAt;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`not ready after ${timeoutMs} ms`);
}
