import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scene } from '../../support/scene.ts';
import { type Fault, FaultPlan, nameOf } from './faults.ts';
import { type Answered, type Asked, deliver, passedOn } from './forward.ts';

/**
 * Where a request is on its way:
 * - `arrived`: it has come, and the server knows nothing of it.
 * - `delivered`: the server has answered, and the caller knows nothing of it.
 * - `answered`: the answer was handed to the caller's connection.
 */
export type Phase = 'arrived' | 'delivered' | 'answered';

/** A request on its way through the proxy: the same object at each boundary. */
export interface ProxyCall {
  /** Which proxy, by its name. */
  readonly proxy: string;
  readonly method: string;
  /** As in the request line, with its query. */
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** What the server answered: from `delivered` on, and never where it was not asked. */
  answer?: { readonly status: number; readonly body: Buffer };
}

/**
 * Awaited at each boundary of each request, so the request goes no further before it resolves. With `drop` it goes no
 * further at all: not delivered, or not answered.
 */
export type OnCall = (call: ProxyCall, phase: Phase) => 'drop' | undefined | Promise<'drop' | undefined>;

export interface FaultProxyOptions {
  readonly name: string;
  /** Base URL of the server; asked for each request, so that a cluster's living node can be chosen. */
  readonly target: () => string;
  readonly onCall?: OnCall;
}

/** Starts a proxy on loopback that ends with the scene. */
export async function startFaultProxy(scene: Scene, options: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultProxy(options);
  await proxy.listen();
  scene.atEnd(() => proxy.close());
  return proxy;
}

/**
 * An HTTP proxy between a caller and one server. What it was told to pass it changes nothing of. A request whose caller
 * has gone meanwhile is delivered all the same, as the network would.
 */
export class FaultProxy {
  readonly name: string;
  /** Scripted and random faults. */
  readonly plan = new FaultPlan();
  onCall: OnCall;
  readonly #target: () => string;
  readonly #server: http.Server;
  readonly #closing = new AbortController();
  #underWay = 0;
  #counts: Record<string, number> = {};
  #url = '';

  constructor({ name, target, onCall = () => undefined }: FaultProxyOptions) {
    this.name = name;
    this.onCall = onCall;
    this.#target = target;
    this.#server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#underWay += 1;
      this.#handle(request, response)
        .catch(() => request.socket.destroy())
        .finally(() => {
          this.#underWay -= 1;
        });
    });
  }

  /** Base URL without a trailing slash. */
  get url(): string {
    return this.#url;
  }

  /** Requests that are on their way, those that nobody waits for any more included. */
  get underWay(): number {
    return this.#underWay;
  }

  /** How many requests met which fault, by its name, since it was asked last. `pass`: those that met none. */
  takeCounts(): Readonly<Record<string, number>> {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts what is still open and delivers nothing any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method = 'GET', url: path = '/', headers } = request;
    const call: ProxyCall = { proxy: this.name, method, path, headers, body };
    const fault = this.plan.strike(method, path);
    const name = nameOf(fault);
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    const asked = { method, path, headers: passedOn(request.rawHeaders), body };
    const answer = await this.#answerTo(call, asked, fault);
    if (answer === undefined) {
      request.socket.destroy();
      return;
    }
    await reply(response, answer, fault.kind === 'cut');
    await this.onCall(call, 'answered');
  }

  /** `undefined`: none is to be sent. */
  async #answerTo(call: ProxyCall, asked: Asked, fault: Fault): Promise<Answered | undefined> {
    if ((await this.onCall(call, 'arrived')) === 'drop' || fault.kind === 'drop-before') return undefined;
    if (fault.kind === 'status') return ownAnswer(fault.status);
    if (fault.kind === 'delay') await sleep(fault.ms, undefined, { signal: this.#closing.signal });
    const { signal } = this.#closing;
    const answer = await deliver(this.#target(), asked, signal).catch(() => ownAnswer(502));
    call.answer = answer;
    if ((await this.onCall(call, 'delivered')) === 'drop' || fault.kind === 'drop-after') return undefined;
    return fault.kind === 'status-after' ? ownAnswer(fault.status) : answer;
  }
}

/** Resolves when it is out, or when nobody is there to take it. */
async function reply(
  response: http.ServerResponse,
  { status, headers, body }: Answered,
  isCut: boolean,
): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  response.once('close', resolve).once('finish', resolve);
  const length = status === 204 ? [] : ['content-length', String(body.length)];
  response.writeHead(status, [...headers, ...length]);
  if (!isCut) response.end(body);
  else if (body.length < 2) response.destroy();
  else response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  await over;
}

/** As a proxy words a failure of its own: no server of ours writes like that. */
function ownAnswer(status: number): Answered {
  const body = Buffer.from(`<html><body><h1>${status}</h1></body></html>`);
  return { status, headers: ['content-type', 'text/html', 'date', new Date().toUTCString()], body };
}
