import net from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type HttpServer, startHttp } from '../../src/http/server.ts';
import { MissingSecret, Secret } from '../../src/policy/secret.ts';
import { httpOptions, UNLIMITED } from '../http/serving.ts';
import { boardOf, NOW, outcomeOf } from '../telemetry/views.ts';
import { closing } from '../transport/failure.ts';
import { PATIENCE, runs } from './runs.ts';
import { nastyText } from './texts.ts';

const TOKEN = 'open-sesame-the-token-of-the-test';

async function served(host = '127.0.0.1') {
  const board = boardOf(['billing']);
  board.record(outcomeOf('billing'), NOW);
  const rotated: string[] = [];
  const failures: unknown[] = [];
  const server: HttpServer = closing(
    await startHttp({
      ...httpOptions({ board }),
      allowances: { read: UNLIMITED, write: UNLIMITED },
      listen: { host, port: 0 },
      token: async () => new Secret(TOKEN),
      rotate: async (name) => {
        rotated.push(name);
        return outcomeOf(name);
      },
      onError: (error) => failures.push(error),
    }),
  );
  return { port: server.address.port, rotated, failures };
}

/** Sends bytes as they are, and returns all that came back until the connection was closed. */
function exchanged(port: number, bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = '';
  const socket = net.connect(port, '127.0.0.1', () => socket.end(Buffer.from(bytes, 'latin1')));
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {}).on('close', () => resolve(answer));
  return promise;
}

const methods = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE') },
  nastyText,
);
const targets = fc.oneof(
  fc.constantFrom('/', '/healthz', '/metrics', '/api/v1/applications', '/api/v1/applications/billing/rotate', '*'),
  fc.constantFrom(
    '/%ff',
    '/%00',
    '/../../etc/passwd',
    '//',
    '/api/v1/applications/__proto__',
    'http://other/',
    '/?a[__proto__]=1',
  ),
  nastyText.map((text) => `/api/v1/applications/${text.slice(0, 2_000)}/rotate`),
  nastyText.map((text) => `/api/v1/applications/${encodeURIComponent(text.toWellFormed()).slice(0, 2_000)}`),
);
const authorizations = fc.oneof(
  fc.constantFrom(
    'Bearer',
    'Bearer ',
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer x${TOKEN}`,
    `Bearer ${TOKEN.slice(1)}`,
  ),
  fc.constant(`Bearer ${' '.repeat(7_000)}${'a '.repeat(100)}`),
  nastyText.map((text) => `Bearer ${text.slice(0, 8_000)}`),
);
const more = fc.array(
  fc.constantFrom(
    'content-length: 99',
    'content-length: -1',
    'transfer-encoding: chunked',
    'content-type: application/json',
    'content-type: a/b; \u009b',
    'expect: 100-continue',
    'upgrade: websocket\r\nconnection: upgrade',
    'host: evil.example',
    '__proto__: x',
    `x: ${'y'.repeat(20_000)}`,
    ' folded',
    'no colon',
  ),
  { maxLength: 3 },
);
const bodies = fc.oneof(
  fc.constant(''),
  fc.constantFrom('{', '{"__proto__":{"polluted":1}}', '5\r\nabc', 'x'.repeat(5_000)),
  nastyText,
);

test(
  'whatever is sent to it, the HTTP server answers, shows no token, changes nothing without it, and serves the next',
  async () => {
    const { port, rotated, failures } = await served();
    await fc.assert(
      fc.asyncProperty(
        methods,
        targets,
        authorizations,
        more,
        bodies,
        async (method, target, authorization, lines, body) => {
          const head = [`${method} ${target} HTTP/1.1`, 'host: localhost', `authorization: ${authorization}`, ...lines];
          const answer = await exchanged(port, `${head.join('\r\n')}\r\n\r\n${body}`);
          expect(answer).not.toContain(TOKEN);
          expect(answer.startsWith('HTTP/1.1 5')).toBe(false);
          expect(rotated).toEqual([]);
          expect(failures).toEqual([]);
          expect(await exchanged(port, 'GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n')).toMatch(/^HTTP\/1.1 200/);
        },
      ),
      runs(150),
    );
  },
  PATIENCE,
);

test(
  'off loopback no token but the right one shows anything, whatever stands where it comes from',
  async () => {
    const { port } = await served('0.0.0.0');
    const ask = (authorization: string) =>
      exchanged(port, `GET /api/v1/applications HTTP/1.0\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`);
    await fc.assert(
      fc.asyncProperty(authorizations, async (authorization) => {
        expect(await ask(authorization)).not.toContain('billing');
      }),
      runs(60),
    );
    expect(await ask(`Bearer ${TOKEN}`)).toContain('billing');
    expect(new MissingSecret('x')).toBeInstanceOf(Error);
  },
  PATIENCE,
);
