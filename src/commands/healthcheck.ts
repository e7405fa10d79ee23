import { request } from 'undici';
import type { ListenAddress } from '../policy/policy.ts';

/** A health check that takes longer than this, in ms, has failed. */
const LIMIT_MS = 3_000;

/** Addresses that mean "every interface", with the loopback address to ask instead. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Asks the daemon that listens on `listen` whether it lives, for containers' health checks. Writes one line and
 * returns the exit code: 0 it does, 1 it does not or does not answer.
 */
export async function healthcheckCommand(listen: ListenAddress): Promise<number> {
  const url = healthUrl(listen);
  const answer = await ask(url);
  process.stdout.write(`${answer.words}\n`);
  return answer.isWell ? 0 : 1;
}

function healthUrl({ host, port }: ListenAddress): string {
  const reachable = EVERYWHERE[host] ?? host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}/healthz`;
}

async function ask(url: string): Promise<{ isWell: boolean; words: string }> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(LIMIT_MS) });
    await body.dump();
    if (statusCode === 200) return { isWell: true, words: 'rekeyd is well' };
    return { isWell: false, words: `rekeyd is not well: ${url} answered ${statusCode}` };
  } catch (error) {
    return { isWell: false, words: `rekeyd does not answer at ${url}: ${reasonOf(error)}; is it running there?` };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return `nothing within ${LIMIT_MS / 1_000} s`;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
