import { Agent } from 'undici';
import type { SecretSource } from '../policy/secret.ts';
import { request } from '../request.ts';
import { VERSION } from '../version.ts';
import type { Message } from './message.ts';
import { signedHeaders } from './signature.ts';

/** How an attempt to deliver ended; `why` in words, without anything of the address but its origin. */
export type Attempt =
  | { readonly result: 'delivered' }
  /** The receiver wants nothing any more. */
  | { readonly result: 'gone' }
  | { readonly result: 'failed'; readonly why: string; readonly retryAfterMs?: number };

export interface SenderOptions {
  readonly url: string;
  readonly secret: SecretSource;
  /** Unix ms. */
  readonly now: () => number;
  /** A receiver that has not answered after so many ms is given up for this time. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const LONGEST_RETRY_AFTER_MS = 86_400_000;

/** Sends to one receiver, and never follows where it would lead elsewhere. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #agent: Agent;

  constructor(options: SenderOptions) {
    const timeout = options.timeoutMs ?? TIMEOUT_MS;
    this.#options = options;
    this.#agent = new Agent({ connect: { timeout }, headersTimeout: timeout, bodyTimeout: timeout, allowH2: false });
  }

  /** Never throws. */
  async send(message: Message): Promise<Attempt> {
    try {
      return await this.#send(message);
    } catch (error) {
      return { result: 'failed', why: wordsOf(error) };
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(message: Message): Promise<Attempt> {
    const { url, secret, now, timeoutMs = TIMEOUT_MS } = this.#options;
    const signed = signedHeaders(message, await secret(), now());
    const { statusCode, headers, body } = await request(url, {
      agent: this.#agent,
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'user-agent': `rekeyd/${VERSION}`,
        ...signed,
      },
      body: message.body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    // what it says is of no interest, but the connection is
    await body.dump({ limit: 16_384 }).catch(() => {});
    if (statusCode >= 200 && statusCode < 300) return { result: 'delivered' };
    if (statusCode === 410) return { result: 'gone' };
    const retryAfterMs = retryAfter(headers['retry-after'], now());
    return { result: 'failed', why: `it answered ${statusCode}`, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
}

/** Seconds, or a date. */
function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS);
}

/** An error's message may quote the address, so only what is known to be harmless is told. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  if (error instanceof TypeError)
    return error.message.startsWith('the secret ') ? error.message : 'it could not be asked';
  const { code, name } = error as NodeJS.ErrnoException;
  if (name === 'MissingSecret') return error.message;
  if (name === 'TimeoutError' || /TIMEOUT/.test(code ?? '')) return 'it did not answer in time';
  return `it could not be reached (${code ?? name})`;
}
