import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Calls of one kind and their bodies, in bytes as they went over the wire. */
export interface Count {
  readonly calls: number;
  readonly sent: number;
  readonly received: number;
  /** When the first and the last one were answered, in ms by one clock of the servers. */
  readonly firstAt?: number;
  readonly lastAt?: number;
}

/** By kind of call, such as `issuer: create`. */
export type Tally = Readonly<Record<string, Count>>;

/** What a call is, told by its method and the beginning of its path. The first that fits counts. */
const KINDS: readonly (readonly [method: string, path: string, kind: string])[] = [
  ['*', '/_sandbox/', ''],
  ['POST', '/objectstorage/createcredential', 'issuer: create'],
  ['POST', '/objectstorage/deletecredential', 'issuer: delete'],
  ['*', '/objectstorage/', 'issuer: list'],
  ['GET', '/v1/secret/data/', 'vault: read'],
  ['PUT', '/v1/secret/data/', 'vault: write'],
  ['POST', '/v1/secret/data/', 'vault: write'],
  ['*', '/v1/secret/metadata/', 'vault: metadata'],
  ['*', '/v1/auth/', 'vault: login'],
  ['*', '/v1/sys/', 'vault: sys'],
  ['*', '/v1/', 'vault: other'],
  ['*', '/', 's3: list buckets'],
];

interface Answered {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Counts what the HTTP servers of this process answer. */
export class Counter {
  readonly #counts = new Map<string, { -readonly [member in keyof Count]: Count[member] }>();
  readonly #count = (message: unknown): void => this.#take(message as Answered);

  constructor() {
    subscribe('http.server.response.finish', this.#count);
  }

  /** What was counted since the last time. */
  take(): Tally {
    const tally = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return tally;
  }

  stop(): void {
    unsubscribe('http.server.response.finish', this.#count);
  }

  #take({ request, response }: Answered): void {
    const kind = kindOf(request.method ?? '', request.url ?? '/');
    if (kind === '') return;
    const now = performance.now();
    const count = this.#counts.get(kind) ?? { calls: 0, sent: 0, received: 0, firstAt: now, lastAt: now };
    count.calls += 1;
    count.lastAt = now;
    count.sent += Number(request.headers['content-length'] ?? 0);
    count.received += Number(response.getHeader('content-length') ?? 0);
    this.#counts.set(kind, count);
  }
}

function kindOf(method: string, path: string): string {
  const found = KINDS.find(([verb, prefix]) => (verb === '*' || verb === method) && path.startsWith(prefix));
  return found?.[2] ?? '';
}

/** Both together; `later` was taken after the other. */
export function merged(earlier: Tally, later: Tally): Tally {
  const sums = Object.entries(later).map(([kind, count]) => {
    const { calls, sent, received, firstAt } = earlier[kind] ?? {
      calls: 0,
      sent: 0,
      received: 0,
      firstAt: count.firstAt,
    };
    return [
      kind,
      { ...count, calls: calls + count.calls, sent: sent + count.sent, received: received + count.received, firstAt },
    ];
  });
  return { ...earlier, ...Object.fromEntries(sums) };
}

/** All calls of a tally. */
export function callsIn(tally: Tally): number {
  return Object.values(tally).reduce((sum, { calls }) => sum + calls, 0);
}
