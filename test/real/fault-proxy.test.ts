import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { type FaultProxy, type Phase, startFaultProxy } from './support/fault-proxy.ts';
import { EVERYTHING, type Fault, nameOf } from './support/faults.ts';

/** What the scenarios stand on: that each fault is what it is called. */
const scene = useScene();
const BODY = 'a body of some length';
let seen: { method: string; path: string; host: string | undefined }[] = [];
let proxy: FaultProxy;
const phases: Phase[] = [];

beforeAll(async () => {
  const server = http.createServer((asked, answer) => {
    seen.push({ method: asked.method ?? '', path: asked.url ?? '', host: asked.headers.host });
    answer.setHeader('x-server', 'the real one').end(BODY);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scene.atEnd(async () => server.close());
  const { port } = server.address() as AddressInfo;
  proxy = await startFaultProxy(scene, {
    name: 'proxy',
    target: () => `http://127.0.0.1:${port}`,
    onCall: (_call, phase) => void phases.push(phase),
  });
});

beforeEach(() => {
  seen = [];
  phases.length = 0;
  proxy.plan.calm();
});

/** What a caller with half a second of patience gets: the status and the body, or `no answer`. */
async function ask(): Promise<string> {
  try {
    const answer = await request(`${proxy.url}/v1/some?thing=1`, { signal: AbortSignal.timeout(500) });
    return `${answer.statusCode} ${await answer.body.text()}`;
  } catch {
    return 'no answer';
  }
}

async function askUnder(fault: Fault): Promise<string> {
  proxy.plan.script({ method: 'GET', path: '/v1/' }, fault);
  return ask();
}

describe('the proxy with faults', () => {
  test('passes a request on with its own host and path, and tells of each boundary', async () => {
    expect(await ask()).toBe(`200 ${BODY}`);
    expect(seen).toEqual([{ method: 'GET', path: '/v1/some?thing=1', host: new URL(proxy.url).host }]);
    expect(phases).toEqual(['arrived', 'delivered', 'answered']);
  });

  test.each<[Fault, string, number]>([
    [{ kind: 'drop-before' }, 'no answer', 0],
    [{ kind: 'drop-after' }, 'no answer', 1],
    [{ kind: 'cut' }, 'no answer', 1],
    [{ kind: 'status', status: 429 }, '429', 0],
    [{ kind: 'status-after', status: 503 }, '503', 1],
  ])('under %o the caller gets %s and the server sees %i requests', async (fault, answer, deliveries) => {
    proxy.takeCounts();
    expect(await askUnder(fault)).toContain(answer);
    expect(seen).toHaveLength(deliveries);
    expect(proxy.takeCounts()).toEqual({ [nameOf(fault)]: 1 });
    expect(await ask()).toBe(`200 ${BODY}`);
    expect(proxy.takeCounts()).toEqual({ pass: 1 });
  });

  test('counts each status apart', () => {
    const names = EVERYTHING.map(({ fault }) => nameOf(fault));
    expect(new Set(names).size).toBe(EVERYTHING.length);
    expect(names).toEqual(expect.arrayContaining(['cut', 'status 429', 'status 500', 'status-after 503']));
  });

  test('delivers a delayed request although its caller has given up', async () => {
    expect(await askUnder({ kind: 'delay', ms: 700 })).toBe('no answer');
    expect(seen).toEqual([]);
    await poll('the late delivery', 10_000, async () => (seen.length === 1 ? true : undefined));
  });

  test('strikes the same requests for the same seed, and about as many as it was told to', async () => {
    const run = (seed: string): string[] => {
      proxy.plan.disturb(0.1, seed);
      return Array.from({ length: 2_000 }, () => JSON.stringify(proxy.plan.strike('GET', '/')));
    };
    const first = run('a');
    expect(run('a')).toEqual(first);
    expect(run('b')).not.toEqual(first);
    const struck = first.filter((fault) => !fault.includes('pass'));
    expect(struck.length).toBeGreaterThan(120);
    expect(struck.length).toBeLessThan(280);
    expect(new Set(struck).size).toBe(12);
  });
});
