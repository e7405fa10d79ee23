import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ApplicationPolicy, Policy, RotatePolicy } from '../../src/policy/policy.ts';
import { WEBHOOK_EVENTS } from '../../src/policy/webhook-events.ts';
import { applicationOf } from '../support/policies.ts';
import { draftOf, HEAD, mistakesOf } from './written.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function policyOf(tail: string, others: Readonly<Record<string, string>> = {}): Promise<Policy> {
  return (await draftOf(`${HEAD}${tail}`, others)).complete();
}

/** The application `a` of a policy with these defaults and these keys of its own. */
async function merged(defaults: string, own: string): Promise<ApplicationPolicy | undefined> {
  const policy = await policyOf(`defaults: ${defaults}\napplications:\n  a: { issuer: sto1, path: a, ${own} }\n`);
  return policy.applications.get('a');
}

test('a policy that says only what it must has all the defaults', async () => {
  const policy = await policyOf('applications:\n  billing: { issuer: sto1, path: apps/billing/s3 }\n');
  const { file, ...rest } = policy;
  expect(rest).toEqual({
    owner: 'acme-prod',
    issuers: new Map([
      [
        'sto1',
        {
          name: 'sto1',
          type: 'glesys',
          project: 'cl12345',
          apiKey: { env: 'GLESYS_API_KEY' },
          instance: 'os-ab123',
          api: 'https://api.glesys.com',
          endpoint: 'https://objects.example.net',
          region: 'dc-sto1',
          limits: { concurrency: 4, perSecond: 5 },
        },
      ],
    ]),
    vault: {
      address: 'https://vault.example.net:8200',
      mount: 'secret',
      auth: { method: 'token', token: { env: 'VAULT_TOKEN' } },
    },
    applications: new Map([['billing', applicationOf({ path: 'apps/billing/s3' })]]),
    scheduler: { resyncMs: 300_000, spreadMs: 10_000 },
    http: { listen: { host: '127.0.0.1', port: 8080 } },
    log: { level: 'info' },
    webhooks: [],
    warnings: [],
  });
  expect(file).toMatch(/rekeyd\.yaml$/);
});

describe('rotate of an application', () => {
  const cases: [string, string, string, RotatePolicy][] = [
    ['inherits all', '{ every: 2d, jitter: 1h }', '', { everyMs: 2 * DAY, timezone: 'UTC', jitterMs: HOUR }],
    [
      'that says cron inherits no period, but the rest',
      '{ every: 30d, jitter: 6h, timezone: Europe/Stockholm, window: "* 2 * * *" }',
      '{ cron: "0 3 1 * *" }',
      { cron: '0 3 1 * *', timezone: 'Europe/Stockholm', jitterMs: 6 * HOUR, window: '* 2 * * *' },
    ],
    [
      'that says a period inherits no cron',
      '{ cron: "0 3 1 * *" }',
      '{ every: 2d }',
      { everyMs: 2 * DAY, timezone: 'UTC', jitterMs: 0 },
    ],
    [
      'that says neither inherits the choice',
      '{ cron: "0 3 1 * *" }',
      '{ jitter: 1h }',
      { cron: '0 3 1 * *', timezone: 'UTC', jitterMs: HOUR },
    ],
  ];
  test.each(cases)('%s', async (_, defaults, own, expected) => {
    const application = await merged(`{ rotate: ${defaults} }`, own === '' ? '' : `rotate: ${own}`);
    expect(application?.rotate).toEqual(expected);
  });
});

test('grace, verify, consumers and fields are inherited, verify part by part', async () => {
  const fields = '{ k: "{access_key_id}", s: "{secret_access_key}" }';
  const defaults = `{ grace: 4h, verify: { timeout: 5s, successes: 3 }, consumers: { refresh: 2h }, fields: ${fields} }`;
  const application = await merged(defaults, 'verify: { successes: 4, buckets: [invoices] }');
  expect(application).toMatchObject({
    graceMs: 4 * HOUR,
    verify: { timeoutMs: 5_000, successes: 4, buckets: ['invoices'] },
    consumers: { refreshMs: 2 * HOUR },
    fields: { k: '{access_key_id}', s: '{secret_access_key}' },
  });
});

test('an application may name a field that is to be written no longer, and a record to take over', async () => {
  const fields = '{ k: "{access_key_id}", s: "{secret_access_key}", old: null }';
  const application = await merged('{}', `fields: ${fields}, adopt: acme-old/billing.v1`);
  expect(application?.fields).toHaveProperty('old', null);
  expect(application?.adopt).toEqual({ owner: 'acme-old', application: 'billing.v1' });
});

test('files of secrets and certificates stand beside the policy file', async () => {
  const text = HEAD.replace('env: GLESYS_API_KEY', 'file: keys/glesys').replace('auth:', 'ca_file: ca.pem\n  auth:');
  const policy = (await draftOf(text.replace('env: VAULT_TOKEN', 'file: /run/secrets/token'))).complete();
  const folder = dirname(policy.file);
  expect(policy.issuers.get('sto1')?.apiKey).toEqual({ file: join(folder, 'keys/glesys') });
  expect(policy.vault).toMatchObject({
    caFile: join(folder, 'ca.pem'),
    auth: { token: { file: '/run/secrets/token' } },
  });
});

test.each([
  ['{ method: approle, role_id: { env: R }, secret_id: { env: S } }', { mount: 'approle', secretId: { env: 'S' } }],
  [
    '{ method: approle, mount: apps, role_id: { env: R }, secret_id: { env: S } }',
    { mount: 'apps', roleId: { env: 'R' } },
  ],
  [
    '{ method: jwt, role: rekeyd, jwt: { env: J } }',
    { method: 'jwt', mount: 'jwt', role: 'rekeyd', jwt: { env: 'J' } },
  ],
  [
    '{ method: kubernetes, role: rekeyd }',
    { mount: 'kubernetes', jwt: { file: '/var/run/secrets/kubernetes.io/serviceaccount/token' } },
  ],
])('the login %s is understood', async (auth, expected) => {
  const policy = (await draftOf(HEAD.replace('{ method: token, token: { env: VAULT_TOKEN } }', auth))).complete();
  expect(policy.vault.auth).toMatchObject(expected);
});

test('addresses end without a slash, and plain http needs no permission on loopback', async () => {
  const text = HEAD.replace('https://objects.example.net', 'https://objects.example.net/').replace(
    'https://vault.example.net:8200',
    'http://127.0.0.1:8200/',
  );
  const policy = (await draftOf(text)).complete();
  expect(policy.vault.address).toBe('http://127.0.0.1:8200');
  expect(policy.issuers.get('sto1')?.endpoint).toBe('https://objects.example.net');
});

test('plain http to another machine is let through where the policy allows it', async () => {
  const text = HEAD.replace('https://vault.example.net:8200', 'http://vault.example.net:8200\n  allow_http: true');
  expect((await draftOf(text)).complete().vault.address).toBe('http://vault.example.net:8200');
});

test('an anchor may be used where several applications have something in common', async () => {
  const policy = await policyOf(
    'applications:\n  a: { issuer: sto1, path: a, rotate: &often { every: 2d } }\n  b: { issuer: sto1, path: b, rotate: *often }\n',
  );
  expect(policy.applications.get('b')?.rotate.everyMs).toBe(2 * DAY);
});

describe('http.listen', () => {
  test.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
    ['localhost:9', { host: 'localhost', port: 9 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
  ])('%s is understood', async (listen, expected) => {
    expect((await policyOf(`http: { listen: "${listen}" }\n`)).http.listen).toEqual(expected);
  });

  test('is overridden by REKEYD_HTTP_LISTEN', async () => {
    const draft = await draftOf(`${HEAD}http: { listen: "127.0.0.1:1" }\n`, {}, { REKEYD_HTTP_LISTEN: '0.0.0.0:2' });
    expect(draft.complete().http.listen).toEqual({ host: '0.0.0.0', port: 2 });
  });

  test('is refused where REKEYD_HTTP_LISTEN is no address', async () => {
    expect(await mistakesOf(HEAD, {}, { REKEYD_HTTP_LISTEN: '8080' })).toEqual([
      'REKEYD_HTTP_LISTEN: "8080" is not an address to listen on; write host:port, as in 127.0.0.1:8080',
    ]);
  });
});

describe('warnings', () => {
  test('a grace shorter than twice the refresh of the consumers', async () => {
    const { warnings } = await policyOf('applications:\n  a: { issuer: sto1, path: a, grace: 119m }\n');
    expect(warnings).toEqual([
      {
        code: 'grace-short',
        application: 'a',
        message:
          'applications.a: the grace of 1h 59m is shorter than twice the time that consumers may keep a secret (consumers.refresh, 1h); one that reads late will use a revoked key. Make the grace at least 2h, or say how soon the consumers read anew.',
      },
    ]);
    expect((await policyOf('applications:\n  a: { issuer: sto1, path: a, grace: 2h }\n')).warnings).toEqual([]);
  });

  test('a path that was copied with its mount or with data/', async () => {
    const warned = async (path: string, text = HEAD) =>
      (await draftOf(`${text}applications: { a: { issuer: sto1, path: ${path} } }\n`)).warnings;
    const own = HEAD.replace('auth:', 'mount: kv/team\n  auth:');
    expect(await warned('secret/apps/a')).toEqual([
      {
        code: 'path-looks-like-url',
        application: 'a',
        message:
          'applications.a.path: "secret/apps/a" begins with "secret/"; write it as it stands below the mount "secret", without the mount\'s name and without data/.',
      },
    ]);
    expect(await warned('data/apps/a')).toMatchObject([{ code: 'path-looks-like-url' }]);
    expect(await warned('kv/team/a', own)).toMatchObject([{ code: 'path-looks-like-url' }]);
    expect(await warned('secret/a', own)).toEqual([]);
    expect(await warned('apps/data/secret', HEAD)).toEqual([]);
  });

  test('a policy that looks after nothing', async () => {
    expect((await policyOf('')).warnings).toMatchObject([
      { code: 'no-applications', message: expect.stringContaining('looks after nothing') },
    ]);
  });

  test('an HTTP server off loopback without a token, wherever its address was set', async () => {
    const codes = async (tail: string, env: NodeJS.ProcessEnv = {}) =>
      (await draftOf(`${HEAD}applications: { a: { issuer: sto1, path: a } }\n${tail}`, {}, env)).warnings.map(
        ({ code }) => code,
      );
    const everywhere = { REKEYD_HTTP_LISTEN: '0.0.0.0:8080' };
    expect(await codes('http: { listen: 0.0.0.0:8080 }\n')).toEqual(['http-without-token']);
    expect(await codes('', everywhere)).toEqual(['http-without-token']);
    expect(await codes('http: { token: { env: TOKEN } }\n', everywhere)).toEqual([]);
    expect(await codes('http: { listen: "[::1]:8080" }\n')).toEqual([]);
  });
});

describe('webhooks', () => {
  async function webhooksOf(events: string, more = '') {
    const hook = `{ url: https://hooks.example.net/, secret: { env: HOOK }, events: ${events}${more} }`;
    const policy = await policyOf(`applications: { a: { issuer: sto1, path: a } }\nwebhooks: [ ${hook} ]\n`);
    expect(policy.warnings).toEqual([]);
    return policy.webhooks;
  }

  test('one event, from the first failure on', async () => {
    expect(await webhooksOf('[rotation.failed]')).toEqual([
      { url: 'https://hooks.example.net/', secret: { env: 'HOOK' }, events: ['rotation.failed'], after: 1 },
    ]);
  });

  test('all of a kind, each once, after three failures', async () => {
    expect(await webhooksOf('[rotation.done, rotation.*]', ', after: 3')).toMatchObject([
      { events: ['rotation.done', 'rotation.failed', 'rotation.blocked'], after: 3 },
    ]);
  });

  test('all there are', async () => {
    expect(await webhooksOf('["*"]')).toMatchObject([{ events: WEBHOOK_EVENTS }]);
  });
});
