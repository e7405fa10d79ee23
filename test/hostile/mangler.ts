import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Mangling, mangled, type TrueAnswer } from './answers.ts';

/** What is to be mangled: requests whose method and path match, each in the same way. */
export interface Aim {
  readonly at: RegExp;
  readonly mangling: Mangling;
}

/** A way to a server on which what it answers is mangled. Every request reaches the server and takes effect there. */
export interface Mangler {
  readonly url: string;
  /** `undefined`: what is answered goes through as it is. */
  aim(at: Aim | undefined): void;
  /** Answers that were mangled since the aim was taken. */
  readonly struck: number;
  close(): Promise<void>;
}

export async function manglerBefore(upstream: string): Promise<Mangler> {
  let aimed: Aim | undefined;
  let struck = 0;
  const server = http.createServer(async (request, response) => {
    const truth = await forwarded(upstream, request).catch(() => undefined);
    if (!truth) return void request.socket.destroy();
    if (!aimed?.at.test(`${request.method} ${request.url}`)) {
      const { 'transfer-encoding': _, ...headers } = truth.headers;
      return void response.writeHead(truth.status, headers).end(truth.body);
    }
    struck += 1;
    request.socket.end(mangled(truth, aimed.mangling));
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    aim: (at) => {
      aimed = at;
      struck = 0;
    },
    get struck() {
      return struck;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The host stays the one that was asked for: it is part of what was signed. */
async function forwarded(upstream: string, request: http.IncomingMessage): Promise<TrueAnswer> {
  const { method, headers, url = '/' } = request;
  const body = await buffer(request);
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  http.request(`${upstream}${url}`, { method, headers, agent: false }, resolve).on('error', reject).end(body);
  const answer = await promise;
  const text = (await buffer(answer)).toString();
  const single = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
  return { status: answer.statusCode ?? 0, headers: Object.fromEntries(single), body: text };
}
