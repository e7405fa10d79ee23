import { expect, test } from 'vitest';
import { clientOf, RateLimit } from '../../src/http/rate.ts';
import { poll } from '../support/poll.ts';
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

test('tokens tried all at once are no more tries than those tried in turn, and the right one among them is not told', async () => {
  const [tries, allRead] = [50, Promise.withResolvers<void>()];
  let asked = 0;
  const slow = async () => {
    asked += 1;
    if (asked > tries) allRead.resolve();
    await allRead.promise;
    return token();
  };
  const ask = await serve({ ...offLoopback, token: slow, allowances: { read: UNLIMITED, write: TIGHT } });
  const status = async (authorization: string) => (await ask('/api/v1/overview', { authorization })).status;
  const wrong = Array.from({ length: tries }, (_, index) => status(`Bearer wrong-${index}`));
  await poll('all of them to be tried', 60_000, async () => (asked === tries ? true : undefined));
  const statuses = await Promise.all([...wrong, status(bearer.authorization)]);
  expect(statuses.filter((one) => one === 401)).toHaveLength(TIGHT.burst);
  expect(statuses.filter((one) => one === 429)).toHaveLength(tries - TIGHT.burst + 1);
});

test('who has the right token may ask as much at once as anybody', async () => {
  const ask = await serve({ ...offLoopback, token, allowances: { read: UNLIMITED, write: TIGHT } });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/api/v1/overview', bearer)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test('an IPv6 network is one client, and so is an IPv4 address however it is written', () => {
  const network = '2001:db8:1:2::/64';
  expect(['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:ffff::'].map(clientOf)).toEqual(
    Array.from({ length: 3 }, () => network),
  );
  expect(clientOf('2001:db8:1:3::1')).not.toBe(network);
  expect(['2001:db8::1', '2001:db8:0:0:1::'].map(clientOf)).toEqual(['2001:db8:0:0::/64', '2001:db8:0:0::/64']);
  expect([clientOf('::1'), clientOf('fe80::1%eth0')]).toEqual(['0:0:0:0::/64', 'fe80:0:0:0::/64']);
  expect([clientOf('192.0.2.7'), clientOf('::ffff:192.0.2.7')]).toEqual(['192.0.2.7', '192.0.2.7']);
});
