import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WebhookPolicy } from '../../src/policy/policy.ts';
import { Secret } from '../../src/policy/secret.ts';
import { chosenEvents, type WebhookEvent } from '../../src/policy/webhook-events.ts';
import type { DeliveryListener, EndpointTimes } from '../../src/webhooks/endpoint.ts';
import { Webhooks } from '../../src/webhooks/webhooks.ts';
import { poll } from '../support/poll.ts';
import { Receiver, status } from './receiver.ts';

/** Webhooks over real HTTP, their signatures judged by an implementation that is not ours. */
const PATIENCE_MS = 20_000;
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

let receiver: Receiver;
let webhooks: Webhooks;
let told: string[];
let secret: string;

const listener: DeliveryListener = {
  delivered: (origin) => told.push(`delivered ${origin}`),
  retried: (origin, why) => told.push(`retried ${origin}: ${why}`),
  dropped: (origin, why, count) => told.push(`dropped ${count} ${origin}: ${why}`),
  disabled: (origin) => told.push(`disabled ${origin}`),
};

/** What waits for minutes otherwise comes at once; notices of a kind are gathered for a moment. */
const IMPATIENT: EndpointTimes = {
  gathering: { first: 20, next: 200 },
  deliveries: { pausesMs: [5, 5, 5] },
  timeoutMs: 1_000,
};

function open(times: EndpointTimes = IMPATIENT): Webhooks {
  let count = 0;
  return new Webhooks({
    teller: { owner: 'acme', replica: 'replica-1' },
    secretOf: () => async () => new Secret(secret),
    now: () => Date.now(),
    newId: () => {
      count += 1;
      return `msg_${count}`;
    },
    listener,
    times,
  });
}

const policy = (events: string[] = ['*'], more: Partial<WebhookPolicy> = {}): WebhookPolicy => ({
  url: `${receiver.url}/hook?token=in-the-address`,
  secret: { env: 'HOOK' },
  events: chosenEvents(events),
  after: 1,
  ...more,
});

const tell = (event: WebhookEvent, application = 'billing', details: Record<string, unknown> = {}) =>
  webhooks.tell({ event, application, at: Date.now(), message: `${application}: ${event}`, details });

const until = (what: string) =>
  poll(what, PATIENCE_MS, async () => (told.some((line) => line.startsWith(what)) ? true : undefined));

beforeEach(async () => {
  receiver = await Receiver.open();
  secret = newSecret();
  told = [];
  webhooks = open();
});

afterEach(async () => {
  await webhooks.close(0);
  await receiver.close();
});

test('an event is a CloudEvent, signed as Standard Webhooks asks for', async () => {
  webhooks.govern([policy()]);
  tell('rotation.done', 'billing', { generation: 7, access_key_id: 'AKIA7' });
  const [request] = await receiver.until(1);
  expect(new Webhook(secret).verify(request?.body ?? '', request?.headers ?? {})).toEqual(request?.event);
  expect(request?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(request?.event).toEqual({
    specversion: '1.0',
    id: request?.headers['webhook-id'],
    source: '/rekeyd/acme',
    type: 'rekeyd.rotation.done',
    subject: 'billing',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    datacontenttype: 'application/json',
    data: {
      message: 'billing: rotation.done',
      replica: 'replica-1',
      generation: 7,
      access_key_id: 'AKIA7',
      count: 1,
      applications: ['billing'],
    },
  });
});

test('while the secret is replaced both the old and the new one verify', async () => {
  const [old, next] = [newSecret(), newSecret()];
  secret = `${old}\n${next}\n`;
  webhooks.govern([policy()]);
  tell('rotation.done');
  const [request] = await receiver.until(1);
  for (const key of [old, next]) new Webhook(key).verify(request?.body ?? '', request?.headers ?? {});
  expect(() => new Webhook(newSecret()).verify(request?.body ?? '', request?.headers ?? {})).toThrow();
});

test('what fails is sent again, the same under the same id and signed anew, until it arrives', async () => {
  receiver.answer = (response, count) => status(count < 3 ? 500 : 200)(response, count);
  webhooks.govern([policy()]);
  tell('credential.revoked');
  const requests = await receiver.until(3);
  await until('delivered');
  expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
  expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  for (const { body, headers } of requests) new Webhook(secret).verify(body, headers);
  expect(told).toEqual([
    `retried ${receiver.url}: it answered 500`,
    `retried ${receiver.url}: it answered 500`,
    `delivered ${receiver.url}`,
  ]);
});

test('what never arrives is given up after the last pause, and counted; nothing of the address but its origin is told', async () => {
  receiver.answer = status(404);
  webhooks.govern([policy()]);
  tell('rotation.done');
  await until('dropped');
  expect(receiver.requests).toHaveLength(4);
  expect(told.at(-1)).toBe(`dropped 1 ${receiver.url}: it answered 404`);
  expect(told.join('\n')).not.toContain('token');
});

test('a redirect is not followed', async () => {
  const elsewhere = await Receiver.open();
  receiver.answer = status(302, { location: elsewhere.url });
  webhooks.govern([policy()]);
  tell('rotation.done');
  await until('dropped');
  expect(elsewhere.requests).toEqual([]);
  await elsewhere.close();
});

test('a receiver that asks for time is not called before', async () => {
  const times: number[] = [];
  receiver.answer = (response, count) => {
    times.push(performance.now());
    status(count === 1 ? 429 : 200, { 'retry-after': '1' })(response, count);
  };
  webhooks.govern([policy()]);
  tell('rotation.done');
  await receiver.until(1);
  await until('retried');
  tell('credential.revoked');
  await receiver.until(3);
  for (const later of times.slice(1)) expect(later - (times[0] ?? 0)).toBeGreaterThan(900);
});

test('410 ends it until the policy is read anew', async () => {
  receiver.answer = status(410);
  webhooks.govern([policy()]);
  tell('rotation.done');
  await until('disabled');
  tell('rotation.done');
  expect(told).toEqual([`disabled ${receiver.url}`]);
  receiver.answer = status(200);
  webhooks.govern([policy()]);
  tell('credential.revoked');
  await until('delivered');
  expect(receiver.requests.map(({ event }) => event.type)).toEqual([
    'rekeyd.rotation.done',
    'rekeyd.credential.revoked',
  ]);
});

test('a receiver that hangs holds up neither who tells nor another receiver', async () => {
  const good = await Receiver.open();
  receiver.answer = () => {};
  webhooks.govern([policy(), policy(['*'], { url: good.url })]);
  for (let count = 0; count < 20; count += 1) tell('rotation.done', `app-${count}`);
  await good.until(20);
  // four attempts at once and no more
  expect(receiver.requests.length).toBeLessThanOrEqual(4);
  await until(`retried ${receiver.url}: it did not answer in time`);
  await good.close();
});

test('a receiver that is not there is tried again', async () => {
  const gone = await Receiver.open();
  const { url } = gone;
  await gone.close();
  webhooks.govern([policy(['*'], { url })]);
  tell('rotation.done');
  await until(`retried ${url}: it could not be reached (ECONNREFUSED)`);
});

test('a thousand applications that fail at once are two deliveries', async () => {
  webhooks.govern([policy(['rotation.failed'])]);
  for (let count = 0; count < 1_000; count += 1)
    tell('rotation.failed', `app-${count}`, { code: 'issuer-unreachable' });
  const [first] = await receiver.until(1);
  expect(first?.event).not.toHaveProperty('subject');
  expect(first?.event.data).toMatchObject({ count: 1_000, code: 'issuer-unreachable' });
  expect(first?.event.data['applications']).toContain('app-999');
  // what comes later waits for the next delivery of its kind
  for (let count = 0; count < 10; count += 1) tell('rotation.failed', `late-${count}`, { code: 'issuer-unreachable' });
  const [, second] = await receiver.until(2);
  expect(second?.event.data['count']).toBe(10);
});

test('what was done is told of each application by itself', async () => {
  webhooks.govern([policy()]);
  for (let count = 0; count < 50; count += 1) tell('rotation.done', `app-${count}`);
  const requests = await receiver.until(50);
  expect(new Set(requests.map(({ event }) => event['subject'])).size).toBe(50);
});

test('only so many wait: of more the oldest are dropped, and counted', async () => {
  await webhooks.close(0);
  webhooks = open({ ...IMPATIENT, deliveries: { waiting: 10 } });
  receiver.answer = () => {};
  webhooks.govern([policy()]);
  for (let count = 0; count < 100; count += 1) tell('rotation.done', `app-${count}`);
  expect(told).toHaveLength(90);
  expect(told[0]).toBe(`dropped 1 ${receiver.url}: too many wait for this receiver`);
});

test('an application that fails is told of once, after as many failures as asked for, and once more when it is well', async () => {
  webhooks.govern([policy(['rotation.failed', 'application.recovered'], { after: 3 })]);
  tell('rotation.failed', 'short');
  tell('application.recovered', 'short');
  for (let count = 0; count < 5; count += 1) tell('rotation.failed');
  const [failed] = await receiver.until(1);
  expect(failed?.event).toMatchObject({ type: 'rekeyd.rotation.failed', subject: 'billing', data: { attempts: 3 } });
  tell('application.recovered');
  const [, recovered] = await receiver.until(2);
  expect(recovered?.event).toMatchObject({
    type: 'rekeyd.application.recovered',
    subject: 'billing',
    data: { attempts: 5, since: expect.any(String), duration_ms: expect.any(Number) },
  });
});

test('failures of other kinds count too', async () => {
  webhooks.govern([policy(['rotation.failed'], { after: 3 })]);
  tell('pass.failed');
  tell('rotation.blocked');
  tell('rotation.failed');
  const [failed] = await receiver.until(1);
  expect(failed?.event.data['attempts']).toBe(3);
});

test('a receiver hears only what it asked for', async () => {
  webhooks.govern([policy(['credential.*'])]);
  tell('rotation.done');
  tell('application.refused');
  tell('credential.revoked');
  await webhooks.close();
  expect(receiver.requests.map(({ event }) => event.type)).toEqual(['rekeyd.credential.revoked']);
});

test('a changed policy goes on with what is on its way to receivers that stay', async () => {
  receiver.answer = (response, count) => status(count === 1 ? 503 : 200)(response, count);
  webhooks.govern([policy()]);
  tell('rotation.done');
  await until('retried');
  webhooks.govern([policy(['*'], { url: 'http://127.0.0.1:9/' }), policy()]);
  await until('delivered');
});

test('a receiver that the policy no longer names gets what is under way to it, and nothing else', async () => {
  const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
  receiver.answer = (response, count) => void asked.then(() => status(200)(response, count));
  webhooks.govern([policy()]);
  for (let count = 0; count < 6; count += 1) tell('rotation.done', `app-${count}`);
  await receiver.until(4);
  webhooks.govern([]);
  answer();
  await poll('what was under way', PATIENCE_MS, async () =>
    told.filter((line) => line.startsWith('delivered')).length === 4 ? true : undefined,
  );
  expect(told).toContain(`dropped 2 ${receiver.url}: it is told of nothing any more`);
  expect(receiver.requests).toHaveLength(4);
});

test('at the end what is gathered goes out, and a receiver that hangs is not waited for', async () => {
  await webhooks.close(0);
  webhooks = open({ gathering: { first: 600_000 } });
  const hanging = await Receiver.open();
  hanging.answer = () => {};
  webhooks.govern([policy(), policy(['*'], { url: hanging.url })]);
  tell('rotation.failed');
  await webhooks.close(1_000);
  expect(receiver.requests).toHaveLength(1);
  expect(told).toContain(`dropped 1 ${hanging.url}: it is told of nothing any more`);
  await hanging.close();
});
