import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { z } from 'zod';
import type { HttpOptions } from '../../src/http/server.ts';
import { EVENT_SHAPES } from '../../src/http/shapes.ts';
import { Viewer } from '../../src/http/viewer.ts';
import { poll } from '../support/poll.ts';
import { boardOf, NOW, outcomeOf, troubleOf } from '../telemetry/views.ts';
import { bearer, offLoopback, serve, started, token, troubledBoard } from './serving.ts';

type EventName = keyof typeof EVENT_SHAPES;
type DataOf<Name extends EventName> = z.infer<(typeof EVENT_SHAPES)[Name]>;
type Told = { [Name in EventName]: { readonly name: Name; readonly data: DataOf<Name> } }[EventName];

/** Quicker than in earnest. */
const QUICK = { gatherMs: 10, beatMs: 200 };

/** Watches a server that is started for it. */
async function watching(over: Partial<HttpOptions> = {}) {
  const server = await started({ feed: QUICK, ...over });
  return { server, ...(await watch(server.url)) };
}

async function watch(url: string) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const answer = await fetch(`${url}/api/v1/events`, { signal: abort.signal });
  const source = eventsIn(answer.body as ReadableStream<Uint8Array>);
  return {
    answer,
    leave: () => abort.abort(),
    /** The next event of that name. */
    next: async <Name extends EventName>(name: Name): Promise<DataOf<Name>> => {
      for (;;) {
        const { value, done } = await source.next();
        if (done) throw new Error(`the stream ended before ${name}`);
        if (value.name === name) return value.data as DataOf<Name>;
      }
    },
    source,
  };
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Told> {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    const pieces = rest.split('\n\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(piece) ?? [];
      const shape: z.ZodType = EVENT_SHAPES[name as EventName];
      yield { name, data: shape.parse(JSON.parse(data)) } as Told;
    }
  }
}

test('who begins to watch gets the overview and then everything, the worst first', async () => {
  const board = boardOf(['a', 'b', 'c']);
  board.record(outcomeOf('b'), NOW);
  board.record(outcomeOf('c', { trouble: troubleOf('refused', 'edited') }), NOW);
  const { source, answer } = await watching({ board });
  expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const told: Told[] = [];
  for await (const one of source) {
    told.push(one);
    if (one.name === 'end') break;
  }
  const rows = told.flatMap((one) => (one.name === 'rows' ? one.data : []));
  expect(told.map(({ name }) => name)).toEqual(['overview', 'begin', 'rows', 'end']);
  expect(told[0]?.data).toMatchObject({ applications: { total: 3, states: { refused: 1, unknown: 1, current: 1 } } });
  expect(told[1]?.data).toEqual({ total: 3 });
  expect(rows.map(({ application }) => application)).toEqual(['c', 'a', 'b']);
});

test('a change is told with how the application stands then, however often it changed meanwhile', async () => {
  const board = troubledBoard();
  const { next } = await watching({ board });
  await next('end');
  for (let times = 0; times < 500; times += 1) board.follow({ event: 'rotation.started', application: 'mail' });
  expect(await next('rows')).toMatchObject([{ application: 'mail', state: 'rotating' }]);
  board.record(outcomeOf('mail', { did: 'rotated' }), NOW);
  expect(await next('rows')).toMatchObject([{ application: 'mail', state: 'current', generation: 7 }]);
});

test('the overview follows a change, and comes by itself while nothing changes', async () => {
  const board = troubledBoard();
  const { next } = await watching({ board });
  await next('end');
  board.record(outcomeOf('billing'), NOW);
  await next('rows');
  expect((await next('overview')).troubles).toEqual([]);
  await next('overview');
});

test('what becomes overdue by time alone is told', async () => {
  let now = NOW;
  const board = boardOf(['a']);
  board.record(outcomeOf('a', { nextAt: NOW }), NOW);
  const { next } = await watching({ board, now: () => now });
  expect(await next('rows')).toMatchObject([{ state: 'current' }]);
  now += 7_200_000;
  expect(await next('rows')).toMatchObject([{ application: 'a', state: 'overdue' }]);
});

test('a viewer that missed too much, or whose policy changed, gets everything anew', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `app-${index}`);
  const board = boardOf(names);
  const { next } = await watching({ board, feed: { ...QUICK, gatherMs: 100, backlog: 10 } });
  await next('end');
  for (const name of names) board.record(outcomeOf(name), NOW);
  expect(await next('begin')).toEqual({ total: 50 });
  await next('end');
  board.govern(new Map([['other', { issuer: 'sto1', path: 'apps/other' }]]));
  expect(await next('begin')).toEqual({ total: 1 });
  expect(await next('rows')).toMatchObject([{ application: 'other' }]);
});

test('what waits for a viewer is bounded, whatever changes', () => {
  const viewer = new Viewer();
  viewer.begin();
  for (let index = 0; index < 1_000; index += 1) viewer.note(`app-${index % 20}`, 100);
  expect(viewer.isStale).toBe(false);
  expect(viewer.take(15)).toHaveLength(15);
  expect(viewer.take(15)).toHaveLength(5);
  for (let index = 0; index < 1_000; index += 1) viewer.note(`app-${index}`, 100);
  expect(viewer.isStale).toBe(true);
  expect(viewer.take(1_000)).toEqual([]);
});

test('no more viewers than allowed, and one that leaves makes room', async () => {
  const { server, leave, next } = await watching({ feed: { ...QUICK, viewers: 1 } });
  await next('end');
  const refused = await fetch(`${server.url}/api/v1/events`);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('30');
  expect(await refused.json()).toMatchObject({ code: 'too-many-viewers' });
  leave();
  await poll('room for another', 30_000, async () => {
    const { status, body } = await fetch(`${server.url}/api/v1/events`);
    await body?.cancel();
    return status === 200 ? true : undefined;
  });
});

test('who left before its token was read takes no place', async () => {
  const [asked, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow: typeof token = async () => {
    asked.resolve();
    await read.promise;
    return token();
  };
  const { url } = await started({ ...offLoopback, token: slow, feed: { ...QUICK, viewers: 1 } });
  const there = url.replace('0.0.0.0', '127.0.0.1');
  const socket = connect({ port: Number(new URL(there).port), host: '127.0.0.1' });
  socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: ${bearer.authorization}\r\n\r\n`);
  await asked.promise;
  socket.destroy();
  // what comes over other lines is heard after that
  for (let times = 0; times < 5; times += 1) await (await fetch(`${there}/healthz`)).text();
  read.resolve();
  await poll('room for another', 10_000, async () => {
    const { status, body } = await fetch(`${there}/api/v1/events`, { headers: bearer });
    await body?.cancel();
    return status === 200 ? true : undefined;
  });
});

test('a viewer that takes nothing is dropped', async () => {
  const names = Array.from({ length: 30_000 }, (_, index) => `${'x'.repeat(800)}-${index}`);
  const { url } = await started({ board: boardOf(names), feed: { ...QUICK, patienceMs: 300, viewers: 1 } });
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.write('GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
  // what it does not read stays with the server, once the kernel's buffers are full
  socket.pause();
  socket.on('error', () => {}).on('close', () => resolve());
  await poll('the server to give up', 60_000, async () => ((await viewersOf(url)) === 0 ? true : undefined));
  socket.resume();
  await gone;
});

/** Whether one more may watch where only one may. */
async function viewersOf(url: string): Promise<number> {
  const { status, body } = await fetch(`${url}/api/v1/events`);
  await body?.cancel();
  return status === 200 ? 0 : 1;
}

test('watching needs the same right as reading', async () => {
  const ask = await serve({ ...offLoopback, token });
  expect((await ask('/api/v1/events')).status).toBe(401);
});

test('a server that closes ends what is watched', async () => {
  const { server, next } = await watching();
  await next('end');
  await server.close();
  await expect(next('end')).rejects.toThrow();
});
