import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { sandboxHostMistake } from '../policy/address.ts';
import type { ListenAddress } from '../policy/policy.ts';
import type { Clock } from '../rotation/ports.ts';
import { type Fault, FaultBook, faultSchema } from './faults.ts';

/** A request as a stand-in sees it: `target` is what stood in the request line, `path` its decoded path. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Where a stand-in listens. Off loopback only where somebody says that nobody else is in that network. */
export interface StandInAddress extends ListenAddress {
  readonly offLoopback?: boolean;
}

export interface StandInOptions {
  readonly address: StandInAddress;
  /** Also dates the answers, so that a test can set the clocks of servers apart. */
  readonly clock: Clock;
  readonly answer: (asked: Asked) => Answer | Promise<Answer>;
  /** How this server words an error that a fault asks for. */
  readonly wordError: (status: number) => Answer;
}

/** A running stand-in. */
export interface StandIn {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly faults: FaultBook;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

const FAULTS_PATH = '/_sandbox/faults';

/** Throws where the address is not free, or may not be listened at. */
export async function serve(options: StandInOptions): Promise<StandIn> {
  const { host, port, offLoopback } = options.address;
  const mistake = sandboxHostMistake(host, offLoopback);
  if (mistake !== undefined) throw new Error(mistake);
  const faults = new FaultBook();
  // Idle connections are the client's to close: one that the server closes at the wrong moment would look like a fault.
  const server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
    handle(request, response, options, faults).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  options: StandInOptions,
  faults: FaultBook,
): Promise<void> {
  response.setHeader('date', new Date(options.clock.now()).toUTCString());
  const asked = await readRequest(request);
  if (asked === undefined) return send(response, { status: 400 });
  if (asked.path === FAULTS_PATH) return send(response, administer(asked, faults));
  const fault = faults.strike(asked.method, asked.path);
  const answer = await underFault(fault, asked, options);
  if (fault?.fault === 'half') return sendHalf(response, answer ?? { status: 200 }, request.socket);
  if (answer === undefined) request.socket.destroy();
  else send(response, answer);
}

async function readRequest(request: http.IncomingMessage): Promise<Asked | undefined> {
  const target = request.url ?? '/';
  const [rawPath = '/', ...query] = target.split('?');
  const headers = request.headers;
  const body = await text(request);
  const method = request.method ?? 'GET';
  try {
    const path = decodeURIComponent(rawPath);
    return { method, target, path, query: new URLSearchParams(query.join('?')), headers, body };
  } catch {
    return undefined;
  }
}

/** What is to be answered under a fault; `undefined`: nothing, the connection is cut. */
async function underFault(
  fault: Fault | undefined,
  asked: Asked,
  options: StandInOptions,
): Promise<Answer | undefined> {
  switch (fault?.fault) {
    case 'drop_before':
      return undefined;
    case 'status':
      return faultAnswer(fault, options);
    case 'html':
      return htmlPage(fault.status ?? 200);
    case 'delay':
      // Real time, whatever the injected clock says: it is the client's timeouts that this tries.
      await setTimeout(fault.delay_ms ?? 0, undefined, { ref: false });
  }
  const answer = await options.answer(asked);
  if (fault?.fault === 'drop_after') return undefined;
  return fault?.fault === 'status_after' ? faultAnswer(fault, options) : answer;
}

function faultAnswer(fault: Fault, options: StandInOptions): Answer {
  const worded = options.wordError(fault.status ?? 500);
  return { ...worded, headers: { ...worded.headers, ...fault.headers }, body: fault.body ?? worded.body ?? '' };
}

function htmlPage(status: number): Answer {
  const body = '<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon.</body></html>';
  return { status, headers: { 'content-type': 'text/html' }, body };
}

function send(response: http.ServerResponse, answer: Answer): void {
  const body = answer.body ?? '';
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function sendHalf(response: http.ServerResponse, answer: Answer, socket: Socket): void {
  const body = Buffer.from(answer.body ?? '');
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Math.max(body.length, 2) });
  response.write(body.length > 1 ? body.subarray(0, body.length >> 1) : '{', () => socket.destroySoon());
}

/** `POST` adds a fault, `GET` lists them with how often they matched and struck, `DELETE` clears them. */
function administer(asked: Asked, faults: FaultBook): Answer {
  if (asked.method === 'GET') return jsonAnswer(200, { faults: faults.list() });
  if (asked.method === 'POST') return addFault(asked.body, faults);
  if (asked.method !== 'DELETE') return jsonAnswer(405, { error: 'use POST, GET or DELETE' });
  faults.clear();
  return { status: 204 };
}

function addFault(body: string, faults: FaultBook): Answer {
  const parsed = faultSchema.safeParse(parseOrNull(body));
  if (!parsed.success) return jsonAnswer(400, { error: z.prettifyError(parsed.error) });
  faults.add(parsed.data);
  return jsonAnswer(201, parsed.data);
}

function parseOrNull(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
