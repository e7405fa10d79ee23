import { Agent, buildConnector, type Dispatcher, errors } from 'undici';
import type { z } from 'zod';
import { type RequestOptions, request } from '../request.ts';
import { USER_AGENT } from '../version.ts';
import type { Answer, Call, Manner, Site, Timeouts } from './call.ts';
import { badAnswer, refusal, unanswered, unreachable } from './judge.ts';
import { showable } from './scrub.ts';
import { type Traffic, tellCertificate, timed } from './traffic.ts';

export interface ServerOptions {
  /** URL without a trailing slash; may have a path. */
  readonly base: string;
  readonly manner: Manner;
  /** PEM: trusted instead of the authorities that node knows. */
  readonly ca?: string;
  readonly timeouts?: Timeouts;
  /** Larger bodies are not read but judged as unintelligible. */
  readonly maxBodyBytes?: number;
  readonly traffic?: Traffic;
}

/**
 * Understands what takes a schema too long. Says the same as the schema, or `undefined`: then the schema is asked, and
 * its words are told.
 */
export type ByHand<T> = (json: unknown) => Promise<T | undefined>;

const TIMEOUTS: Timeouts = { connect: 10_000, answer: 30_000 };
const MAX_BODY_BYTES = 32 * 1024 * 1024;
const CONNECTIONS = 64;
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * One HTTP server that adapters talk to, with its own pool of connections. Nothing is ever sent twice. Every failure is
 * a `PortError` whose kind says truly what may have happened on the other side.
 */
export class Server {
  readonly #options: ServerOptions;
  readonly #site: Site;
  readonly #timeouts: Timeouts;
  readonly #agent: Agent;
  /** Failures to connect: the one place where it is certain that no byte of a request was sent. */
  readonly #connectFailures = new WeakSet<Error>();

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#site = { manner: options.manner, address: showableAddress(options.base) };
    this.#timeouts = options.timeouts ?? TIMEOUTS;
    this.#agent = new Agent({
      connect: this.#connector(),
      connections: CONNECTIONS,
      allowH2: false,
      headersTimeout: this.#timeouts.answer,
      bodyTimeout: this.#timeouts.answer,
    });
  }

  /** The answer, if its status is 2xx or one that the call takes as fine. Throws `PortError`. */
  send(call: Call): Promise<Answer> {
    return timed(this.#options.traffic, () => this.#sent(call));
  }

  async #sent(call: Call): Promise<Answer> {
    const answer = await this.#exchange(call);
    const fine = (answer.status >= 200 && answer.status < 300) || call.alsoFine?.(answer.status);
    if (!fine) throw this.refusal(call, answer);
    return answer;
  }

  /** Sends a call and understands its answer. Throws `PortError`. */
  async ask<T>(call: Call, schema: z.ZodType<T>, byHand?: ByHand<T>): Promise<T> {
    const answer = await this.send(call);
    if (!byHand) return this.understand(call, answer, schema);
    const json = this.#parsed(call, answer);
    return (await byHand(json)) ?? this.#checked(call, answer, json, schema);
  }

  /** What the body of an answer says. */
  understand<T>(call: Call, answer: Answer, schema: z.ZodType<T>): T {
    return this.#checked(call, answer, this.#parsed(call, answer), schema);
  }

  #checked<T>(call: Call, answer: Answer, json: unknown, schema: z.ZodType<T>): T {
    const checked = schema.safeParse(json);
    if (checked.success) return checked.data;
    const differences = [...new Set(checked.error.issues.map(differenceOf))].slice(0, 5).join(', ');
    throw this.badAnswer(call, `${showable(differences, call.secrets)} (${answer.status})`);
  }

  /** The judgement of an answer that the call took as fine but that turns out to be none. */
  refusal(call: Call, answer: Answer): Error {
    return refusal(this.#site, call, answer);
  }

  badAnswer(call: Call, why: string): Error {
    return badAnswer(this.#site, call, why);
  }

  /** Ends all connections, idle and busy. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #parsed(call: Call, answer: Answer): unknown {
    try {
      return JSON.parse(answer.text);
    } catch {
      const type = showable(answer.headers['content-type']?.split(';')[0] ?? 'unknown type', call.secrets);
      throw this.badAnswer(call, `no JSON but ${answer.text.length} characters of ${type} (${answer.status})`);
    }
  }

  async #exchange(call: Call): Promise<Answer> {
    const bound = this.#options.maxBodyBytes ?? MAX_BODY_BYTES;
    // cleared with the answer: what `AbortSignal.timeout` sets goes off long after it, for every call
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(timedOut()), this.#timeouts.answer);
    const options = this.#requestOf(call, abort.signal);
    let bytes: Uint8Array | undefined;
    let head: { readonly statusCode: number; readonly headers: NodeJS.Dict<string | string[]> };
    try {
      const response = await request(`${this.#options.base}${call.path}`, options);
      head = response;
      bytes = await readAtMost(bound, response);
    } catch (error) {
      throw this.#isUnsent(error) ? unreachable(this.#site, call, error) : unanswered(this.#site, call, error);
    } finally {
      clearTimeout(timer);
    }
    if (!bytes) throw this.badAnswer(call, `more than ${bound} bytes (${head.statusCode})`);
    return { status: head.statusCode, headers: singleHeaders(head.headers), text: this.#decoded(call, bytes) };
  }

  #requestOf(call: Call, signal: AbortSignal): RequestOptions {
    return {
      agent: this.#agent,
      method: call.method,
      headers: {
        'user-agent': USER_AGENT,
        accept: 'application/json',
        ...(call.body !== undefined && { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      signal,
    };
  }

  #isUnsent(error: unknown): boolean {
    if (error instanceof errors.InvalidArgumentError) return true;
    return error instanceof Error && this.#connectFailures.has(error);
  }

  #decoded(call: Call, bytes: Uint8Array): string {
    try {
      return UTF_8.decode(bytes);
    } catch {
      throw this.badAnswer(call, 'no UTF-8 text');
    }
  }

  #connector(): buildConnector.connector {
    const connect = buildConnector({
      timeout: this.#timeouts.connect,
      allowH2: false,
      ...(this.#options.ca !== undefined && { ca: this.#options.ca }),
    });
    return (options, callback) => {
      try {
        connect(options, (...args) => {
          if (args[0]) this.#connectFailures.add(args[0]);
          else tellCertificate(this.#options.traffic, args[1]);
          callback(...args);
        });
      } catch (error) {
        // What cannot even be begun, as with a CA file that holds no certificate.
        if (error instanceof Error) this.#connectFailures.add(error);
        throw error;
      }
    };
  }
}

/**
 * Where it differs, and not how: values, and zod's messages about them, are never shown. The message of a `refine` is
 * our own. A place may have the server's words.
 */
function differenceOf({ code, path, message }: z.core.$ZodIssue): string {
  const what = code === 'custom' ? message : 'missing or of another type';
  return `${path.join('.') || 'the whole'} ${what}`;
}

function timedOut(): Error {
  return new DOMException('The operation was aborted due to timeout', 'TimeoutError');
}

/** `undefined` where there is more than that. What says its length, and keeps to it, is not looked at piece by piece. */
async function readAtMost(
  bytes: number,
  { headers, body }: Pick<Dispatcher.ResponseData, 'headers' | 'body'>,
): Promise<Uint8Array | undefined> {
  if (Number(headers['content-length'] ?? Number.NaN) <= bytes) return body.bytes();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** In one go: there are a dozen of them in each answer, and a dozen answers to a rotation. */
function singleHeaders(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) single[name] = first;
  }
  return single;
}

function showableAddress(base: string): string {
  const { protocol, host, pathname } = new URL(base);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
