import { expect, test } from 'vitest';
import { RateLimit } from '../../src/http/rate.ts';
import { bearer, offLoopback, serve, token, UNLIMITED } from './serving.ts';

const TIGHT = { burst: 2, perSecond: 0.1 };

test('a client may take a burst at once and so many per second from then on, and no other one is touched', () => {
  let now = 0;
  const limit = new RateLimit({ burst: 3, perSecond: 2 }, () => now);
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 1]);
  expect(limit.take('b')).toBe(0);
  now = 500;
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 1]);
  now = 60_000;
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([0, 0, 0, 1]);
});

test('of ten thousand addresses the one not heard of for longest is forgotten, and memory stays bounded', () => {
  const limit = new RateLimit({ burst: 1, perSecond: 0.001 }, () => 0);
  limit.take('first');
  expect(limit.wait('first')).toBeGreaterThan(0);
  for (let index = 0; index < 10_000; index += 1) limit.take(`address ${index}`);
  expect(limit.wait('first')).toBe(0);
  expect(limit.wait('address 9999')).toBeGreaterThan(0);
});

test('who asks too much is told when to ask again; health and metrics answer all the same', async () => {
  const ask = await serve({ allowances: { read: TIGHT } });
  const statuses = [];
  for (const path of ['/', '/api/v1/overview', '/api/v1/applications']) statuses.push((await ask(path)).status);
  expect(statuses).toEqual([200, 200, 429]);
  const answer = await ask('/api/v1/overview');
  expect(answer.json()).toMatchObject({ status: 429, code: 'too-many-requests' });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(path)).status).toBe(200);
});

test('writing is limited more tightly than reading', async () => {
  const ask = await serve({ token, allowances: { write: TIGHT } });
  const rotate = async () => (await ask('/api/v1/applications/billing/rotate', bearer, 'POST')).status;
  expect([await rotate(), await rotate(), await rotate()]).toEqual([200, 200, 429]);
  expect((await ask('/api/v1/overview')).status).toBe(200);
});

test('who tries one token after the other is slowed down, with the right one too; who sends none is not', async () => {
  const ask = await serve({ ...offLoopback, token, allowances: { read: UNLIMITED, write: TIGHT } });
  const status = async (authorization?: string) =>
    (await ask('/api/v1/overview', authorization === undefined ? {} : { authorization })).status;
  expect([await status(), await status(), await status()]).toEqual([401, 401, 401]);
  expect([await status('Bearer a'), await status('Bearer b'), await status('Bearer c')]).toEqual([401, 401, 429]);
  expect(await status(bearer.authorization)).toBe(429);
});
