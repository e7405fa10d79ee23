import { type PolicyDraft, readPolicy } from '../policy/load.ts';
import type { ListenAddress } from '../policy/policy.ts';
import { request } from '../request.ts';
import { findAnnounced } from '../sandbox/rendezvous.ts';
import { type Terminal, UsageError } from './terminal.ts';

/** A health check that takes longer than this, in ms, has failed. */
const LIMIT_MS = 3_000;

/** Addresses that mean "every interface", with the loopback address to ask instead. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Asks the daemon that runs with this policy whether it lives, for containers' health checks. Writes one line and
 * returns the exit code: 0 it does, 1 it does not or does not answer.
 */
export async function healthcheckCommand(options: { readonly config: string }, terminal: Terminal): Promise<number> {
  const answer = await ask(healthUrl(await listenAddress(await readPolicy(options.config, terminal.env))));
  terminal.write(`${answer.words}\n`);
  return answer.isWell ? 0 : 1;
}

/** Where the daemon listens; the port that a daemon with a sandbox was given stands in the note that it leaves. */
async function listenAddress({ file, http: { listen }, sandbox }: PolicyDraft): Promise<ListenAddress> {
  if (listen.port !== 0) return listen;
  const { http } = (sandbox && (await findAnnounced(file))) ?? {};
  if (http !== undefined) return { ...listen, port: Number(new URL(http).port) };
  const beside = sandbox ? ', and no daemon runs with this policy here' : '';
  throw new UsageError(`http.listen has port 0, any free one: nobody can know where to ask${beside}`);
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
