import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GlesysStandIn, startGlesys } from '../../src/sandbox/glesys.ts';
import { SetClock } from './set-clock.ts';

const NOON = Date.UTC(2026, 10, 23, 12);

describe('the GleSYS stand-in', () => {
  let glesys: GlesysStandIn;
  let instance: string;
  const clock = new SetClock(NOON);

  beforeEach(async () => {
    glesys = await startGlesys({ clock });
    instance = glesys.account.addInstance();
  });
  afterEach(() => glesys.close());

  const basic = (user: string, key: string) => `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`;
  const send = async (name: string, init: RequestInit) => {
    const response = await fetch(`${glesys.url}/objectstorage/${name}`, init);
    return {
      status: response.status,
      response: ((await response.json()) as { response: Record<string, unknown> }).response,
    };
  };
  const post = (name: string, input: object, headers: Record<string, string> = {}) =>
    send(name, {
      method: 'POST',
      headers: {
        authorization: basic(glesys.project, glesys.apiKey.reveal()),
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(input),
    });
  const create = () => post('createcredential', { instanceid: instance, description: 'a' });

  it('echoes its input and says when and with what result', async () => {
    const { response } = await create();
    expect(response).toMatchObject({
      status: { code: 200, text: 'OK', timestamp: '2026-11-23T13:00:00+01:00', transactionid: null },
      debug: { input: { instanceid: instance, description: 'a' } },
    });
  });

  it('takes form-encoded input as well', async () => {
    const said = await send('instancedetails', {
      method: 'POST',
      headers: { authorization: basic(glesys.project, glesys.apiKey.reveal()) },
      body: new URLSearchParams({ instanceid: instance }),
    });
    expect(said).toMatchObject({ status: 200, response: { instance: { id: instance } } });
  });

  it.each([
    ['a wrong key', { authorization: basic('cl12345', 'wrong') }],
    ['another project', { authorization: basic('cl99999', 'wrong') }],
    ['something else', { authorization: 'Bearer x' }],
  ])('refuses %s with 401', async (_what, headers) => {
    expect(await post('listinstances', {}, headers)).toMatchObject({
      status: 401,
      response: { status: { code: 401, transactionid: expect.stringMatching(/^[0-9a-f-]{36}$/) } },
    });
  });

  it.each([
    ['an unknown instance', 'instancedetails', { instanceid: 'os-none' }, 404],
    ['an unknown instance to create on', 'createcredential', { instanceid: 'os-none' }, 404],
    ['a missing instance', 'createcredential', { description: 'a' }, 400],
    ['a missing credential', 'deletecredential', { instanceid: 'HERE' }, 400],
    ['an unknown credential', 'deletecredential', { instanceid: 'HERE', credentialid: 'none' }, 404],
    ['an unknown function', 'nonsense', {}, 404],
  ])('refuses %s', async (_what, name, input, status) => {
    const here = Object.fromEntries(
      Object.entries(input).map(([key, value]) => [key, value === 'HERE' ? instance : value]),
    );
    expect(await post(name, here)).toMatchObject({ status, response: { status: { code: status } } });
  });

  it('refuses input that is no object of JSON with 400', async () => {
    expect((await post('createcredential', [1])).status).toBe(400);
  });

  it('refuses more credentials than the quota, and has room again after a deletion', async () => {
    glesys.account.quota = 1;
    const first = (await create()).response['credential'] as { id: string };
    expect(await create()).toMatchObject({ status: 400 });
    expect(glesys.account.credentials(instance)).toHaveLength(1);
    await post('deletecredential', { instanceid: instance, credentialid: first.id });
    expect((await create()).status).toBe(200);
  });

  it('dates credentials by its own clock, which may go wrong', async () => {
    glesys.account.skewMs = 3_600_000;
    expect((await create()).response['credential']).toMatchObject({ created: '2026-11-23T14:00:00+01:00' });
  });

  it('lists secrets only when it is told to', async () => {
    await create();
    const listed = async () => (await post('instancedetails', { instanceid: instance })).response['instance'];
    expect(JSON.stringify(await listed())).not.toContain('secretkey');
    glesys.account.listsSecrets = true;
    expect(JSON.stringify(await listed())).toContain('secretkey');
  });

  it('may change a description', async () => {
    glesys.account.rewriteDescription = (text) => text.toUpperCase();
    expect((await create()).response['credential']).toMatchObject({ description: 'A' });
  });

  it('makes its keys in the ring that it is given', async () => {
    const removed: string[] = [];
    const ring = {
      create: async () => ({ accessKeyId: 'FOREIGN', secretAccessKey: 'elsewhere' }),
      remove: async (accessKeyId: string) => {
        removed.push(accessKeyId);
      },
      secretOf: async () => undefined,
    };
    const other = await startGlesys({ ring });
    const made = await other.account.create(other.account.addInstance('os-1'), 'a');
    expect(made).toMatchObject({ accessKeyId: 'FOREIGN', secretAccessKey: 'elsewhere' });
    expect(await other.account.remove('os-1', made.id)).toBe(true);
    expect(removed).toEqual(['FOREIGN']);
    await other.close();
  });
});
