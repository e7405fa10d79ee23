import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Secret } from '../../src/policy/secret.ts';
import type { Call, Manner } from '../../src/transport/call.ts';
import { Server, type ServerOptions } from '../../src/transport/server.ts';
import { CERTIFICATE } from './certificate.ts';
import { closing, failureOf } from './failure.ts';
import { visible } from './leaks.ts';
import { afterReading, answering, answerOf, type RawServer, rawServer } from './raw-server.ts';
import { tlsServer } from './tls-server.ts';

const MANNER: Manner = { server: 'the server', prefix: 'it', words: (body) => body, rules: [] };
const CALL: Call = { attempted: 'do the thing', method: 'POST', path: '/thing', body: { a: 1 } };
const SHORT = { connect: 300, answer: 1000 };

function serverAt(base: string, options: Partial<ServerOptions> = {}): Server {
  return closing(new Server({ base, manner: MANNER, timeouts: SHORT, ...options }));
}

async function raw(onConnection: (socket: Socket) => void): Promise<RawServer> {
  return closing(await rawServer(onConnection));
}

describe('what was certainly not sent is unavailable', () => {
  it('a refused connection', async () => {
    const gone = await rawServer(() => {});
    await gone.close();
    expect(await failureOf(serverAt(gone.url).send(CALL))).toMatchObject({
      kind: 'unavailable',
      code: 'it-unreachable',
      concerns: 'server',
      reason: `no connection to the server at ${gone.url} (ECONNREFUSED)`,
    });
  });

  it('a handshake that never ends', async () => {
    const silent = await raw(() => {});
    const error = await failureOf(serverAt(silent.url.replace('http:', 'https:')).send(CALL));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'it-unreachable' });
    expect(error.reason).toContain('UND_ERR_CONNECT_TIMEOUT');
  });

  it('TLS to a port that speaks none, with the advice to look at the scheme', async () => {
    const plain = await raw(answering('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await failureOf(serverAt(plain.url.replace('http:', 'https:')).send(CALL));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'it-unreachable' });
    expect(error.remedy).toContain('right scheme');
  });

  it('a connection that is cut in the handshake', async () => {
    const rude = await raw(afterReading((socket) => socket.resetAndDestroy()));
    const error = await failureOf(serverAt(rude.url.replace('http:', 'https:')).send(CALL));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'it-unreachable' });
  });

  it('a certificate that nobody vouches for, with the advice to name its authority', async () => {
    const error = await failureOf(serverAt(await tlsServer()).send(CALL));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'it-unreachable' });
    expect(error.remedy).toContain('ca_file');
  });

  it('an authority that is no certificate', async () => {
    const error = await failureOf(serverAt(await tlsServer(), { ca: '-----BEGIN CERTIFICATE-----\nno\n' }).send(CALL));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'it-unreachable' });
  });

  it('a request that HTTP cannot carry', async () => {
    const server = await raw(answering(answerOf(200, '{}')));
    const error = await failureOf(serverAt(server.url).send({ ...CALL, headers: { token: 'two\nlines' } }));
    expect(error).toMatchObject({ kind: 'unavailable', code: 'it-unreachable' });
    expect(server.connections()).toBe(0);
  });
});

describe('what may have been done is ambiguous', () => {
  const cases: readonly [string, (socket: Socket) => void][] = [
    ['a reset after the request was read', afterReading((socket) => socket.resetAndDestroy())],
    ['a close after the request was read', afterReading((socket) => socket.end())],
    ['half of the headers', afterReading((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'))],
    ['half of the body', afterReading((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"a":'))],
    ['a body that stops', afterReading((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"a":'))],
    ['no answer', () => {}],
    ['garbage', afterReading((socket) => socket.write('what?\r\n\r\n'))],
  ];

  it.each(cases)('%s', async (_name, behaviour) => {
    const server = await raw(behaviour);
    expect(await failureOf(serverAt(server.url).send(CALL))).toMatchObject({
      kind: 'ambiguous',
      code: 'it-unanswered',
      concerns: 'server',
      attempted: 'do the thing',
    });
  });

  it('and is never sent a second time', async () => {
    const server = await raw(afterReading((socket) => socket.end()));
    await failureOf(serverAt(server.url).send(CALL));
    expect(server.connections()).toBe(1);
  });

  it('a body beyond the bound, of which no more is read', async () => {
    const server = await raw(answering(answerOf(200, 'x'.repeat(1001))));
    const error = await failureOf(serverAt(server.url, { maxBodyBytes: 1000 }).send(CALL));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 'it-bad-answer' });
    expect(error.reason).toContain('more than 1000 bytes');
  });

  it('bytes that are no text', async () => {
    const head = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n');
    const server = await raw(answering(Buffer.concat([head, Buffer.from([0xc3, 0x28])])));
    expect(await failureOf(serverAt(server.url).send(CALL))).toMatchObject({
      kind: 'ambiguous',
      code: 'it-bad-answer',
    });
  });

  it('a success that is no JSON, of which nothing is quoted', async () => {
    const page = '<html>sign in, hunter2</html>';
    const server = await raw(answering(answerOf(200, page, { 'content-type': 'text/html' })));
    const error = await failureOf(serverAt(server.url).ask(CALL, z.object({})));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 'it-bad-answer', concerns: 'server' });
    expect(error.reason).toContain('of text/html (200)');
    expect(visible(error)).not.toContain('hunter2');
  });

  it('a success that lacks what it should have, with the place named and no value', async () => {
    const server = await raw(answering(answerOf(200, '{"thing":{"key":12345,"id":"x"}}')));
    const schema = z.object({ thing: z.object({ id: z.string(), key: z.string() }) });
    const error = await failureOf(serverAt(server.url).ask(CALL, schema));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 'it-bad-answer' });
    expect(error.reason).toContain('thing.key missing or of another type');
    expect(visible(error)).not.toContain('12345');
  });
});

describe('an answer', () => {
  it('is read whole, with its status and headers', async () => {
    const server = await raw(answering(answerOf(201, '{"ö":1}', { 'x-some': 'thing' })));
    expect(await serverAt(server.url).send(CALL)).toMatchObject({
      status: 201,
      text: '{"ö":1}',
      headers: { 'x-some': 'thing', date: 'Thu, 01 Jan 1970 00:00:00 GMT' },
    });
  });

  it('of a status that the call takes as fine is no failure', async () => {
    const server = await raw(answering(answerOf(404, 'none')));
    const answer = await serverAt(server.url).send({ ...CALL, alsoFine: (status) => status === 404 });
    expect(answer).toMatchObject({ status: 404, text: 'none' });
  });

  it('of a server whose certificate the given authority signed is taken', async () => {
    const server = serverAt(await tlsServer(), { ca: CERTIFICATE });
    expect(await server.ask(CALL, z.object({ ok: z.boolean() }))).toEqual({ ok: true });
  });

  it('is never shown with a user and password of the address', async () => {
    const gone = await rawServer(() => {});
    await gone.close();
    const error = await failureOf(serverAt(gone.url.replace('//', '//user:hunter2@')).send(CALL));
    expect(visible(error)).not.toContain('hunter2');
  });
});

describe('a refusal', () => {
  it('never shows what the request carried, however the server writes it', async () => {
    const secret = 'päss"word+1';
    const words = `no: ${secret} ${JSON.stringify(secret)} ${encodeURIComponent(secret)}`;
    const server = await raw(answering(answerOf(400, words)));
    const error = await failureOf(serverAt(server.url).send({ ...CALL, secrets: [new Secret(secret)] }));
    expect(error.reason).toBe(`the server at ${server.url} answered 400: no: [secret] "[secret]" [secret]`);
    expect(visible(error)).not.toMatch(/ss\\?"word/);
  });
});

describe('an answer that is understood by hand', () => {
  const schema = z.object({ ok: z.boolean() });

  it('is what the hand says', async () => {
    const server = await raw(answering(answerOf(200, '{"ok":true}')));
    const seen: unknown[] = [];
    const byHand = async (json: unknown) => {
      seen.push(json);
      return { ok: false };
    };
    expect(await serverAt(server.url).ask(CALL, schema, byHand)).toEqual({ ok: false });
    expect(seen).toEqual([{ ok: true }]);
  });

  it('is what the schema says where the hand does not know', async () => {
    const good = await raw(answering(answerOf(200, '{"ok":true}')));
    expect(await serverAt(good.url).ask(CALL, schema, async () => undefined)).toEqual({ ok: true });
    const bad = await raw(answering(answerOf(200, '{"ok":1}')));
    const error = await failureOf(serverAt(bad.url).ask(CALL, schema, async () => undefined));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 'it-bad-answer' });
    expect(error.reason).toContain('ok missing or of another type');
  });
});
