import { describe, expect, test } from 'vitest';
import { PolicyError, readPolicy } from '../../src/policy/load.ts';
import { WEBHOOK_CHOICES } from '../../src/policy/webhook-events.ts';
import { HEAD, mistakesOf, NOW, written } from './written.ts';

const NAME_WANTED = 'a name has 1 to 63 of a-z, 0-9, ".", "_" and "-", the first a letter or digit';
const DURATION_WANTED = 'write a whole number and a unit (ms, s, m, h, d or w), as in 90s, 24h or 30d';
const HTTP = 'plain http can be read on the way; use https, or put "allow_http: true" beside it';
const INLINE = 'a secret is never written into the policy; write { env: VARIABLE } or { file: /path }';

/** What is wrong with a file, and the lines that say so. */
const REST: [string, string, string[]][] = [
  [
    'an API key stuck to the project',
    HEAD.replace('cl12345', '"cl12345:hunter2"'),
    ['5:14: issuers.sto1.project: must not be empty nor contain spaces, ":" or "/"'],
  ],
  [
    'an upper-case owner',
    HEAD.replace('acme-prod', 'Acme'),
    ['1:8: owner: "Acme" will not do; it has 1 to 32 of a-z, 0-9 and "-"'],
  ],
  [
    'a missing owner',
    HEAD.replace('owner: acme-prod', '# nobody'),
    ['2:1: owner: is missing (marks what this deployment issues, as in acme-prod; never share it between deployments)'],
  ],
  ['a mistyped section', `${HEAD}sheduler: {}\n`, ['13:1: unknown key "sheduler"; did you mean "scheduler"?']],
  [
    'an unknown section',
    `${HEAD}database: {}\n`,
    [
      '13:1: unknown key "database"; known here: owner, issuers, vault, defaults, applications, scheduler, http, log, webhooks, include, sandbox',
    ],
  ],
  ['an inline API key', HEAD.replace('{ env: GLESYS_API_KEY }', 'hunter2'), [`6:14: issuers.sto1.api_key: ${INLINE}`]],
  [
    'an inline API key of digits',
    HEAD.replace('{ env: GLESYS_API_KEY }', '12345'),
    [`6:14: issuers.sto1.api_key: ${INLINE}`],
  ],
  [
    'a reference with two ways',
    HEAD.replace('env: GLESYS_API_KEY', 'env: A, file: b'),
    ['6:14: issuers.sto1.api_key: only one of env and file: write { env: VARIABLE } or { file: /path }'],
  ],
  [
    'a reference with no way',
    HEAD.replace('{ env: GLESYS_API_KEY }', '{}'),
    ['6:14: issuers.sto1.api_key: must say where the secret is: write { env: VARIABLE } or { file: /path }'],
  ],
  [
    'a variable that is none',
    HEAD.replace('env: GLESYS_API_KEY', 'env: "hunter 2"'),
    ['6:21: issuers.sto1.api_key.env: must be the name of an environment variable: letters, digits and "_"'],
  ],
  ['another kind of issuer', HEAD.replace('type: glesys', 'type: minio'), ['4:11: issuers.sto1.type: must be glesys']],
  [
    'an issuer that lacks something',
    HEAD.replace('    region: dc-sto1\n', ''),
    ['3:3: issuers.sto1.region: is missing; only a policy with sandbox may leave it out'],
  ],
  [
    'an issuer with an impossible name',
    HEAD.replace('sto1:', 'STO1:'),
    [`3:3: issuers.STO1: "STO1" will not do; ${NAME_WANTED}`],
  ],
  ['plain http to S3', HEAD.replace('https://objects', 'http://objects'), [`8:15: issuers.sto1.endpoint: ${HTTP}`]],
  ['plain http to Vault', HEAD.replace('https://vault', 'http://vault'), [`11:12: vault.address: ${HTTP}`]],
  [
    'an address without a scheme',
    HEAD.replace('https://vault', 'vault'),
    ['11:12: vault.address: must be an address such as https://vault.example.net:8200'],
  ],
  [
    'an address with a password',
    HEAD.replace('https://vault', 'https://u:p@vault'),
    ['11:12: vault.address: must not carry a user or password'],
  ],
  [
    'an unknown login',
    HEAD.replace('method: token, token: { env: VAULT_TOKEN }', 'method: app-role'),
    ['12:19: vault.auth.method: must be one of token, approle, kubernetes, jwt; did you mean "approle"?'],
  ],
  [
    'a login without a method',
    HEAD.replace('method: token, ', ''),
    ['12:3: vault.auth.method: is missing; it must be one of token, approle, kubernetes, jwt'],
  ],
  [
    'a login without its secret',
    HEAD.replace('token: { env: VAULT_TOKEN }', ''),
    ['12:3: vault.auth.token: is missing (the token)'],
  ],
  [
    'no vault',
    HEAD.slice(0, HEAD.indexOf('vault:')),
    ['1:1: vault: is missing (where the secrets are kept: address and auth)'],
  ],
  [
    'a vault without address and login',
    `${HEAD.slice(0, HEAD.indexOf('vault:'))}vault: {}\n`,
    [
      '10:1: vault.address: is missing; only a policy with sandbox may leave it out',
      '10:1: vault.auth: is missing; only a policy with sandbox may leave it out',
    ],
  ],
  [
    'a bad listening address',
    `${HEAD}http: { listen: ":8080" }\n`,
    ['13:17: http.listen: ":8080" is not an address to listen on; write host:port, as in 127.0.0.1:8080 or [::1]:8080'],
  ],
  [
    'a port that is none',
    `${HEAD}http: { listen: "127.0.0.1:65536" }\n`,
    [
      '13:17: http.listen: "127.0.0.1:65536" is not an address to listen on; write host:port, as in 127.0.0.1:8080 or [::1]:8080',
    ],
  ],
  [
    'a stand-in off loopback',
    `${HEAD}sandbox: { vault: "0.0.0.0:0" }\n`,
    ['13:19: sandbox.vault: the sandbox listens on loopback only: 0.0.0.0 is not; use 127.0.0.1'],
  ],
  [
    'an unknown log level',
    `${HEAD}log: { level: information }\n`,
    ['13:15: log.level: must be one of fatal, error, warn, info, debug, trace, silent'],
  ],
  [
    'a webhook over plain http',
    `${HEAD}webhooks: [ { url: "http://a.b", secret: { env: S }, events: [rotation.failed] } ]\n`,
    [`13:20: webhooks[0].url: ${HTTP}`],
  ],
  [
    'a webhook without events',
    `${HEAD}webhooks: [ { url: "https://a.b", secret: { env: S }, events: [] } ]\n`,
    ['13:63: webhooks[0].events: must not be empty'],
  ],
  [
    'a webhook with an event that is none',
    `${HEAD}webhooks: [ { url: "https://a.b", secret: { env: S }, events: [rotation.fail] } ]\n`,
    [`13:64: webhooks[0].events[0]: must be one of ${WEBHOOK_CHOICES.join(', ')}; did you mean "rotation.failed"?`],
  ],
  [
    'a mistake in the defaults',
    `${HEAD}defaults: { grace: 60d }\napplications:\n  a: { issuer: sto1, path: a }\n  b: { issuer: sto1, path: b }\n`,
    ['13:20: defaults.grace: the grace of 60d must be shorter than the period of 30d'],
  ],
  [
    'a broken default',
    `${HEAD}defaults: { grace: long }\napplications:\n  a: { issuer: sto1, path: a, rotate: { every: 1h } }\n`,
    [`13:20: defaults.grace: "long" is not a duration; ${DURATION_WANTED}`],
  ],
  [
    'a path that two have',
    `${HEAD}applications:\n  a: { issuer: sto1, path: x/y }\n  b: { issuer: sto1, path: x/y }\n`,
    ['15:28: applications.b.path: "x/y" is already the path of a (rekeyd.yaml:14:28); each application needs its own'],
  ],
  [
    'a key that stands twice',
    `${HEAD}owner: other\n`,
    ['13:1: the key owner stands here a second time; keep one of them'],
  ],
  [
    'a path that two have by an alias',
    `${HEAD}applications:\n  a: &a { issuer: sto1, path: x/y }\n  b: *a\n`,
    ['15:3: applications.b.path: "x/y" is already the path of a (rekeyd.yaml:14:31); each application needs its own'],
  ],
  [
    'a text in double quotes that is not closed',
    HEAD.replace('acme-prod', '"acme-prod'),
    ['1:8: a text in quotes is not closed'],
  ],
  [
    'a text in single quotes that is not closed',
    HEAD.replace('instance: os-ab123', "instance: 'os-ab123"),
    ['7:15: a text in quotes is not closed'],
  ],
  [
    'a merge key',
    `${HEAD}applications:\n  a: &a { issuer: sto1, path: x/y }\n  b:\n    <<: *a\n    path: x/z\n`,
    ['16:5: merge keys are not supported; put what is shared into defaults'],
  ],
  ['a key that is no text', `${HEAD}? [a]\n: 1\n`, ['13:3: a key must be a simple text']],
  [
    'an alias to nothing',
    `${HEAD}log: *levels\n`,
    ['13:6: this alias has no anchor before it; a text that begins with * stands in quotes'],
  ],
  ['a key that JavaScript would swallow', `${HEAD}log: { __proto__: 1 }\n`, ['13:8: unknown key "__proto__"']],
  ['a tab', `${HEAD}log:\n\tlevel: info\n`, ['14:1: this is not valid YAML: Tabs are not allowed as indentation']],
  [
    'a second document',
    `${HEAD}---\n`,
    [
      '13:1: a second document begins here; a policy is one: remove this "---", or move what follows to a file of its own and name it in include',
    ],
  ],
  ['an empty file', '', ['1:1: is empty; it must be a mapping']],
  ['a file that is a list', '- a\n', ['1:1: must be a mapping, not a list']],
];

test.each(REST)('%s is pointed at', async (_, text, lines) => {
  expect(await mistakesOf(text)).toEqual(lines.map((line) => `rekeyd.yaml:${line}`));
});

describe('many mistakes at once', () => {
  const text = `${HEAD.replace('acme-prod', 'Acme').replace('{ env: GLESYS_API_KEY }', 'hunter2')}applications:
  billing:
    issuer: sto3
    path: apps//billing
    rotate: { every: 1h, jitter: 2h }
    grace: soon
    colour: red
  Reports: { issuer: sto1, path: apps/reports }
include: [ apps/*.yaml ]
`;
  const others = { 'apps/more.yaml': 'applications:\n  extra: { issuer: sto1, path: "a?" }\nowner: x\n' };

  test('are told in the order of files and lines', async () => {
    const lines = await mistakesOf(text, others);
    expect(lines.map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      'apps/more.yaml:2:32 applications.extra.path',
      'apps/more.yaml:3:1 unknown key "owner"; known here',
      'rekeyd.yaml:1:8 owner',
      'rekeyd.yaml:6:14 issuers.sto1.api_key',
      'rekeyd.yaml:15:13 applications.billing.issuer',
      'rekeyd.yaml:16:11 applications.billing.path',
      'rekeyd.yaml:17:34 applications.billing.rotate.jitter',
      'rekeyd.yaml:18:12 applications.billing.grace',
      'rekeyd.yaml:19:5 applications.billing',
      'rekeyd.yaml:20:3 applications.Reports',
    ]);
  });

  test('never show a secret that was written into the policy', async () => {
    expect((await mistakesOf(text, others)).join('\n')).not.toContain('hunter2');
  });
});

test('a file that is not there is told with what to do', async () => {
  const file = await written({});
  const error = await readPolicy(file, {}, NOW).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PolicyError);
  expect(String(error)).toBe(
    `PolicyError: ${file}: there is no policy file here; say where yours is with --config or REKEYD_CONFIG. Two to start from come with rekeyd, in its own folder config: rekeyd.yaml, and sandbox.yaml, which runs as it is`,
  );
});

test('the mistakes of an error carry file, line and column', async () => {
  const file = await written({ 'rekeyd.yaml': HEAD.replace('acme-prod', 'Acme') });
  await expect(readPolicy(file, {}, NOW)).rejects.toMatchObject({ mistakes: [{ file, line: 1, column: 8 }] });
});
