import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene } from '../../support/scene.ts';
import { deliver, passedOn } from './forward.ts';

/** A server behind the balancer. */
export interface Backend {
  readonly address: string;
  /** Whether it may be sent requests now; answers within seconds. */
  isHealthy(): Promise<boolean>;
}

const CHECK_EVERY_MS = 500;

/**
 * What people put in front of a cluster: each request goes to the next healthy server. Health is asked for all the
 * time; what is under way at a server that turns out to be unwell is given up. Nothing is ever sent twice.
 */
export class Balancer {
  readonly #backends: readonly Backend[];
  /** Aborted when the server turns out to be unwell. */
  readonly #healthy = new Map<Backend, AbortController>();
  readonly #server: http.Server;
  readonly #closing = new AbortController();
  #turn = 0;

  constructor(backends: readonly Backend[]) {
    this.#backends = backends;
    this.#server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#handle(request, response).catch(() => request.socket.destroy());
    });
  }

  /** Returns its URL. */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    for (const backend of this.#backends) void this.#watch(backend);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const backend of this.#backends) this.#takeOut(backend);
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #watch(backend: Backend): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const isHealthy = await backend.isHealthy();
      if (!isHealthy) this.#takeOut(backend);
      else if (!this.#healthy.has(backend)) this.#healthy.set(backend, new AbortController());
      await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #takeOut(backend: Backend): void {
    this.#healthy.get(backend)?.abort();
    this.#healthy.delete(backend);
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const asked = { headers: passedOn(request.rawHeaders), body: await buffer(request) };
    const { method = 'GET', url: path = '/' } = request;
    this.#turn += 1;
    const [backend, down] = [...this.#healthy][this.#turn % Math.max(1, this.#healthy.size)] ?? [];
    if (!backend || !down) return refuse(response, 503);
    try {
      const answer = await deliver(backend.address, { ...asked, method, path }, down.signal);
      response.writeHead(answer.status, [...answer.headers]).end(answer.body);
    } catch {
      refuse(response, 502);
    }
  }
}

/** In its own words, which are not Vault's. */
function refuse(response: http.ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' }).end(`<html><body><h1>${status}</h1></body></html>`);
}

export async function startBalancer(scene: Scene, backends: readonly Backend[]): Promise<string> {
  const balancer = new Balancer(backends);
  scene.atEnd(() => balancer.close());
  return balancer.listen();
}
