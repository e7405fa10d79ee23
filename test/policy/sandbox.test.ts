import { expect, test } from 'vitest';
import type { StandIns } from '../../src/policy/draft.ts';
import { Secret } from '../../src/policy/secret.ts';
import { draftOf, HEAD, mistakesOf } from './written.ts';

const STAND_INS: StandIns = {
  glesys: 'http://127.0.0.1:1001',
  s3: 'http://127.0.0.1:1002',
  vault: 'http://127.0.0.1:1003',
  roleId: new Secret('role'),
  secretId: new Secret('secret-id'),
  project: 'cl00001',
  apiKey: new Secret('api-key'),
  instanceFor: (issuer) => `os-${issuer}`,
};

const BARE = `sandbox: {}
owner: trial
issuers:
  one: { type: glesys }
applications:
  a: { issuer: one, path: apps/a }
`;

test('what a sandbox policy leaves out comes from the stand-ins', async () => {
  const draft = await draftOf(BARE);
  expect(draft.issuers).toEqual(['one']);
  const policy = draft.complete(STAND_INS);
  expect(policy.issuers.get('one')).toEqual({
    name: 'one',
    type: 'glesys',
    project: 'cl00001',
    apiKey: { made: STAND_INS.apiKey },
    instance: 'os-one',
    api: 'http://127.0.0.1:1001',
    endpoint: 'http://127.0.0.1:1002',
    region: 'sandbox',
    limits: { concurrency: 4, perSecond: 5 },
  });
  expect(policy.vault).toEqual({
    address: 'http://127.0.0.1:1003',
    mount: 'secret',
    auth: {
      method: 'approle',
      mount: 'approle',
      roleId: { made: STAND_INS.roleId },
      secretId: { made: STAND_INS.secretId },
    },
  });
});

test('what a sandbox policy says itself wins over the stand-ins', async () => {
  const { sandbox, complete } = await draftOf(`sandbox: { s3: "127.0.0.1:7070" }\n${HEAD}`);
  expect(sandbox).toEqual({
    glesys: { host: '127.0.0.1', port: 0 },
    s3: { host: '127.0.0.1', port: 7070 },
    vault: { host: '127.0.0.1', port: 0 },
    consumers: false,
  });
  const policy = complete(STAND_INS);
  expect(policy.issuers.get('sto1')).toMatchObject({ project: 'cl12345', apiKey: { env: 'GLESYS_API_KEY' } });
  expect(policy.vault.address).toBe('https://vault.example.net:8200');
});

test('consumers are simulated where the sandbox asks for them', async () => {
  const draft = await draftOf(BARE.replace('sandbox: {}', 'sandbox: { consumers: true }'));
  expect(draft.complete(STAND_INS).sandbox?.consumers).toBe(true);
});

test('a sandbox policy is not complete without its stand-ins', async () => {
  const draft = await draftOf(BARE);
  expect(() => draft.complete()).toThrow(TypeError);
});

test('without a sandbox nothing may be left out', async () => {
  const remark = 'is missing; only a policy with sandbox may leave it out';
  expect(await mistakesOf(BARE.replace('sandbox: {}\n', ''))).toEqual([
    'rekeyd.yaml:1:1: vault: is missing (where the secrets are kept: address and auth)',
    ...['api_key', 'endpoint', 'instance', 'project', 'region'].map(
      (key) => `rekeyd.yaml:3:3: issuers.one.${key}: ${remark}`,
    ),
  ]);
});
