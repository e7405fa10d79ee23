import { get } from 'node:http';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { MissingSecret, Secret, type SecretSource } from '../../src/policy/secret.ts';
import { outcomeOf, troubleOf } from '../telemetry/views.ts';
import { bearer, offLoopback, serve, started, token } from './serving.ts';

test('reports the address that it really got', async () => {
  const server = await started({ listen: { host: '::1', port: 0 } });
  expect(server.address.port).toBeGreaterThan(0);
  expect(server.url).toBe(`http://[::1]:${server.address.port}`);
  expect((await request(`${server.url}/healthz`)).statusCode).toBe(200);
});

test('is healthy while the heartbeat beats and not when it has stalled for more than 30 seconds', async () => {
  expect((await (await serve())('/healthz')).status).toBe(200);
  expect((await (await serve({ sinceBeatMs: () => 30_001 }))('/healthz')).status).toBe(503);
  expect((await (await serve({ sinceBeatMs: () => Number.POSITIVE_INFINITY }))('/healthz')).status).toBe(503);
});

test('is ready once nothing is missing and says what is otherwise', async () => {
  expect((await (await serve())('/readyz')).json()).toEqual({ status: 'ready' });
  const answer = await (await serve({ missing: () => ['the first look at issuer sto1'] }))('/readyz');
  expect(answer.status).toBe(503);
  expect(answer.json()).toEqual({ status: 'not-ready', missing: ['the first look at issuer sto1'] });
});

test('metrics come in the text format of Prometheus', async () => {
  const answer = await (await serve())('/metrics');
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(answer.text).toContain('rekeyd_application_state{application="billing",state="refused"} 1');
});

test('the API lists all applications and shows one', async () => {
  const ask = await serve();
  const { applications } = (await ask('/api/v1/applications')).json();
  expect(applications).toMatchObject([
    { application: 'billing', state: 'refused', trouble: { code: 'edited', remedy: 'Mend it.' } },
    { application: 'mail', state: 'unknown' },
  ]);
  const { history, ...billing } = (await ask('/api/v1/applications/billing')).json();
  expect(billing).toEqual(applications[0]);
  expect(history).toMatchObject({ generations: [{ access_key_id: 'AKIA7', fate: 'current' }] });
});

test('an application or a path that is not there is a problem+json that says where to look', async () => {
  const ask = await serve();
  const nobody = await ask('/api/v1/applications/nobody');
  expect(nobody.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(nobody.json()).toMatchObject({ type: 'about:blank', status: 404, code: 'no-such-application' });
  expect((await ask('/nothing')).json()).toMatchObject({ status: 404, code: 'not-found' });
});

test('on loopback reading needs no token', async () => {
  expect((await (await serve({ token }))('/api/v1/applications')).status).toBe(200);
});

test('off loopback applications are shown only to who sends the token', async () => {
  const ask = await serve({ ...offLoopback, token });
  for (const path of ['/api/v1/applications', '/api/v1/applications/billing']) {
    for (const wrong of [
      undefined,
      'Bearer',
      'Bearer open',
      'Basic open-sesame',
      'open-sesame',
      'Bearer open-sesame2',
    ]) {
      const answer = await ask(path, wrong === undefined ? {} : { authorization: wrong });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      expect(answer.text).not.toContain('billing');
    }
    expect((await ask(path, { authorization: 'Bearer open-sesame' })).status).toBe(200);
  }
});

test('off loopback health and metrics stay open', async () => {
  const ask = await serve({ ...offLoopback, token });
  for (const path of ['/healthz', '/readyz', '/metrics']) expect((await ask(path)).status).toBe(200);
});

test('off loopback without a token, or with one that cannot be read, nothing is shown and it says why', async () => {
  const missing: SecretSource = () => Promise.reject(new MissingSecret('/run/secrets/token is not there'));
  for (const over of [offLoopback, { ...offLoopback, token: missing }]) {
    const answer = await (await serve(over))('/api/v1/applications', { authorization: 'Bearer ' });
    expect(answer.json()).toMatchObject({
      status: 403,
      code: 'no-token',
      detail: expect.stringContaining('http.token'),
    });
  }
});

test('a token that was changed counts at the next request', async () => {
  let current = 'first';
  const ask = await serve({ ...offLoopback, token: async () => new Secret(current) });
  expect((await ask('/api/v1/applications', { authorization: 'Bearer first' })).status).toBe(200);
  current = 'second';
  expect((await ask('/api/v1/applications', { authorization: 'Bearer first' })).status).toBe(401);
  expect((await ask('/api/v1/applications', { authorization: 'Bearer second' })).status).toBe(200);
});

test('on loopback a page that points a name of its own here gets nothing', async () => {
  const { address } = await started();
  const { port } = address;
  expect(await statusFor(port, 'evil.example:8080')).toBe(421);
  expect(await statusFor(port, 'localhost.evil.example')).toBe(421);
  for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080']) expect(await statusFor(port, host)).toBe(200);
});

test('a page of another site gets nothing of the API; a link to the page, and who is no browser, do', async () => {
  const ask = await serve({ token });
  const from = (site: string) => ({ 'sec-fetch-site': site });
  for (const path of ['overview', 'events', 'applications/billing', 'openapi.json', '%65vents']) {
    const answer = await ask(`/api/v1/${path}`, from('cross-site'));
    expect([answer.status, answer.json().code], path).toEqual([403, 'cross-site']);
  }
  expect((await ask('/%61pi/v1/events', from('cross-site'))).status).toBe(403);
  const rotated = await ask('/api/v1/applications/billing/rotate', { ...bearer, ...from('cross-site') }, 'POST');
  expect(rotated.status).toBe(403);
  for (const site of ['same-origin', 'none']) expect((await ask('/api/v1/overview', from(site))).status).toBe(200);
  for (const path of ['/', '/healthz', '/metrics']) expect((await ask(path, from('cross-site'))).status).toBe(200);
});

/** The status that a request gets which asks for this host. */
function statusFor(port: number, host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const asked = get({ port, host: '127.0.0.1', path: '/api/v1/applications', headers: { host } }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  asked.on('error', reject);
  return promise;
}

test('a defect while answering shows nothing of itself and is reported', async () => {
  const errors: unknown[] = [];
  const missing = () => {
    throw new TypeError('hush');
  };
  const answer = await (await serve({ missing, onError: (error) => errors.push(error) }))('/readyz');
  expect(answer.status).toBe(500);
  expect(answer.json()).toMatchObject({ code: 'internal-error' });
  expect(answer.text).not.toContain('hush');
  expect(errors).toHaveLength(1);
});

const ROTATE = '/api/v1/applications/billing/rotate';

test('with the token an application is rotated at once, and how it stands then is the answer', async () => {
  const asked: string[] = [];
  const rotate = async (name: string) => {
    asked.push(name);
    return outcomeOf(name);
  };
  const ask = await serve({ token, rotate });
  const answer = await ask(ROTATE, bearer, 'POST');
  expect(answer.status).toBe(200);
  expect(answer.json()).toMatchObject({ application: 'billing' });
  expect(asked).toEqual(['billing']);
});

test('without the token nothing is rotated, on loopback neither, and without one in the policy nobody can', async () => {
  const rotate = () => Promise.reject(new Error('must not be asked'));
  const ask = await serve({ token, rotate });
  expect((await ask(ROTATE, {}, 'POST')).status).toBe(401);
  expect((await ask(ROTATE, { authorization: 'Bearer wrong' }, 'POST')).status).toBe(401);
  const closed = await serve({ rotate });
  expect(await closed(ROTATE, bearer, 'POST')).toMatchObject({ status: 403 });
});

test('what kept an application from being rotated is a problem with its code and the way out', async () => {
  const rotate = async (name: string) => outcomeOf(name, { trouble: troubleOf('blocked', 'quota-full') });
  const ask = await serve({ token, rotate });
  const answer = await ask(ROTATE, bearer, 'POST');
  expect(answer.status).toBe(409);
  expect(answer.json()).toMatchObject({ code: 'quota-full', title: 'Not rotated' });
});

test('a reason that ends with a server’s own full stop gets no second one', async () => {
  const trouble = { ...troubleOf('failed', 'issuer-refused'), reason: 'it says: No.', remedy: 'Ask it.' };
  const ask = await serve({ token, rotate: async (name: string) => outcomeOf(name, { trouble }) });
  expect((await ask(ROTATE, bearer, 'POST')).json()).toMatchObject({ detail: 'it says: No. Ask it.' });
});

test('an application that the policy does not have is not found', async () => {
  const ask = await serve({ token });
  expect((await ask('/api/v1/applications/other/rotate', bearer, 'POST')).status).toBe(404);
});
