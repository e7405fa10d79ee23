import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly event: { readonly id: string; readonly type: string; readonly data: Record<string, unknown> } & Record<
    string,
    unknown
  >;
}

/** Answers a request; what it leaves alone hangs. */
export type Answer = (response: ServerResponse, count: number) => void;

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end();

/** A real HTTP server that is told of events. */
export class Receiver {
  readonly requests: Received[] = [];
  answer: Answer = status(204);
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString();
      this.requests.push({ headers: single(request.headers), body, event: JSON.parse(body) });
      this.answer(response, this.requests.length);
      for (const look of this.#waiting) look();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** As soon as there are so many requests; all of them. */
  async until(count: number): Promise<readonly Received[]> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => this.requests.length >= count && resolve();
    const timer = setTimeout(() => reject(new Error(`waited for ${count} requests: ${this.requests.length}`)), 20_000);
    this.#waiting.add(look);
    look();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(look);
    });
    return this.requests;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function single(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
