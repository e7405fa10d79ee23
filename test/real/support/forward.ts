import http from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A request or an answer, whole. `headers`: names and values in turn, as they came. */
export interface Passed {
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface Asked extends Passed {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

export interface Answered extends Passed {
  readonly status: number;
}

/** What belongs to one connection only, or is said anew where a whole body is sent. */
const OWN_TO_A_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Everything but what belongs to a hop: `host` above all stays, since S3's signatures cover it. */
export function passedOn(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (!OWN_TO_A_HOP.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/**
 * Sends it to `target` (base URL) and reads the answer to its end. Each on a connection of its own: one that the server
 * closes while idle would look like a fault that nobody asked for.
 */
export async function deliver(target: string, asked: Asked, signal: AbortSignal): Promise<Answered> {
  const { method, path, body } = asked;
  const headers = [...asked.headers, 'content-length', String(body.length), 'connection', 'close'];
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const url = new URL(path, target);
  http
    .request(url, { method, path, headers, setHost: false, agent: false, signal }, resolve)
    .on('error', reject)
    .end(body);
  const answer = await promise;
  const whole = await buffer(answer);
  return { status: answer.statusCode ?? 0, headers: passedOn(answer.rawHeaders), body: whole };
}
