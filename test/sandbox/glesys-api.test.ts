import { GleSYSAPI } from 'glesys-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GlesysStandIn, startGlesys } from '../../src/sandbox/glesys.ts';

/** The client that others wrote knows one base address only; an absolute URL takes precedence over it. */
function clientOf(standIn: GlesysStandIn, apiKey: string): GleSYSAPI {
  const client = new GleSYSAPI({ apiUser: standIn.project, apiKey });
  const send = client.request.request.bind(client.request);
  client.request.request = (url, options) => send(`${standIn.url}${url}`, { ...options, retry: { limit: 0 } });
  return client;
}

describe('the client that others wrote for the GleSYS API', () => {
  let standIn: GlesysStandIn;
  let client: GleSYSAPI;
  let instanceid: string;

  beforeAll(async () => {
    standIn = await startGlesys();
    instanceid = standIn.account.addInstance();
    client = clientOf(standIn, standIn.apiKey.reveal());
  });
  afterAll(() => standIn.close());

  it('lists the instances', async () => {
    const { body } = await client.objectStorage.listInstances();
    expect(body.response['instances']).toMatchObject([{ id: instanceid, datacenter: 'dc-sto1' }]);
  });

  it('creates a credential, sees it in the details without its secret, and deletes it', async () => {
    const created = (await client.objectStorage.createCredential({ instanceid, description: 'by hand' })).body.response;
    expect(created['credential']).toMatchObject({
      description: 'by hand',
      secretkey: expect.stringMatching(/^.{40}$/),
    });
    const { id, accesskey, created: at } = created['credential'] as Record<string, string>;

    const details = (await client.objectStorage.instanceDetails({ instanceid })).body.response;
    expect(details['instance']).toMatchObject({ id: instanceid });
    expect((details['instance'] as Record<string, unknown>)['credentials']).toEqual([
      { id, accesskey, description: 'by hand', created: at },
    ]);

    const deleted = await client.objectStorage.deleteCredential({ instanceid, credentialid: String(id) });
    expect(deleted.body.response.status.code).toBe(200);
    expect(standIn.account.credentials(instanceid)).toEqual([]);
  });

  it('is refused with a wrong key', async () => {
    await expect(clientOf(standIn, 'wrong').objectStorage.listInstances()).rejects.toMatchObject({
      response: { statusCode: 401 },
    });
  });
});
