import { readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { useScene } from '../support/scene.ts';
import { login } from './support/approle.ts';
import { answersTo } from './support/audit.ts';
import { LoginSite, METHODS, SUBJECT } from './support/login-methods.ts';
import { run, type Site } from './support/setting.ts';
import { defaultOf, resourceIn } from './support/terraform.ts';
import { arrangeUntouched } from './support/vault-setup.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TERRAFORM = join(ROOT, 'deploy', 'vault', 'terraform');
const SECRET = 'apps/billing/s3';

const scene = useScene();
let site: Site;
let on: LoginSite;

/** A token like the daemon's: of the same role, by the same credentials. */
async function tokenLikeRekeyds(): Promise<string> {
  const [roleId, secretId] = await Promise.all(['role-id', 'secret-id'].map((file) => readFile(on.at(file), 'utf8')));
  return login(site.vault, { roleId: roleId ?? '', secretId: secretId ?? '' });
}

async function read(path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await site.vault.tell('GET', path)).data ?? {};
}

beforeAll(async () => {
  site = await arrangeUntouched(scene);
  on = await LoginSite.open(scene, site);
});

describe('the rights that deploy/vault gives', () => {
  test('are those of config/vault-policy.hcl, to the letter', async () => {
    await METHODS['approle']?.(on).setUp();
    const shipped = await readFile(join(ROOT, 'config', 'vault-policy.hcl'), 'utf8');
    expect((await read('sys/policies/acl/rekeyd'))['policy']).toBe(shipped);
  });

  test('are all used by a daemon and suffice for all that it asks', async () => {
    const daemon = await run(site, 'rights', {
      vault: {
        auth: { method: 'approle', role_id: { file: on.at('role-id') }, secret_id: { file: on.at('secret-id') } },
      },
      defaults: { grace: '2s' },
      applications: { billing: { issuer: 'sto1', path: SECRET, rotate: { every: '3s' } } },
    });
    await daemon.until({ event: 'rotation.done', generation: 2 });
    await daemon.until({ event: 'credential.revoked', generation: 1 });
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    for (const event of ['mirror.failed', 'rotation.failed']) expect(daemon.lines({ event })).toEqual([]);
    const answers = await answersTo(site.vault, 'rekeyd');
    expect(answers.filter(({ error }) => error !== '')).toEqual([]);
    expect([...new Set(answers.map(({ operation, path }) => `${operation} ${path}`))].toSorted()).toEqual([
      `create secret/data/${SECRET}`,
      `patch secret/metadata/${SECRET}`,
      'read secret/config',
      `read secret/data/${SECRET}`,
      `read secret/metadata/${SECRET}`,
      `read sys/internal/ui/mounts/secret/data/${SECRET}`,
      'update auth/approle/login',
      `update secret/data/${SECRET}`,
      'update sys/capabilities-self',
    ]);
  });

  test.each([
    ['GET', 'secret/data/other/s3'],
    ['POST', 'secret/data/other/s3', { data: {} }],
    ['GET', 'secret/metadata/apps?list=true'],
    ['GET', `secret/subkeys/${SECRET}`],
    ['DELETE', `secret/data/${SECRET}`],
    ['POST', `secret/delete/${SECRET}`, { versions: [1] }],
    ['POST', `secret/undelete/${SECRET}`, { versions: [1] }],
    ['PUT', `secret/destroy/${SECRET}`, { versions: [1] }],
    ['POST', `secret/metadata/${SECRET}`, { max_versions: 1 }],
    ['DELETE', `secret/metadata/${SECRET}`],
    ['POST', 'secret/config', { max_versions: 1 }],
    ['GET', 'sys/policies/acl/rekeyd'],
    ['GET', 'sys/mounts'],
    ['GET', 'auth/approle/role/rekeyd'],
    ['POST', 'auth/approle/role/rekeyd/secret-id', {}],
    ['POST', 'auth/token/create', {}],
  ] as const)('are not enough to %s %s', async (method, path, body?: object) => {
    const answer = await site.vault.ask(method, path, body, await tokenLikeRekeyds());
    expect(answer).toMatchObject({ status: 403, body: { errors: [expect.stringContaining('permission denied')] } });
  });

  test('are for the mount and the paths that were named, by a command line that was named', async () => {
    await site.vault.mountKv('kv', 2);
    await symlink(inject('vaultProgram'), on.at('bao'));
    const env = { VAULT_CLI: on.at('bao'), REKEYD_NAME: 'team', REKEYD_MOUNT: 'kv', REKEYD_PATHS: 'teams/a' };
    await on.setUp('setup-token.sh', env, on.at('team-token'));
    const token = await readFile(on.at('team-token'), 'utf8');
    const may = async (path: string) => (await site.vault.ask('POST', path, { data: { a: 'b' } }, token)).status;
    expect(await may('kv/data/teams/a/billing/s3')).toBe(200);
    for (const path of ['kv/data/teams/b/s3', 'kv/data/apps/billing/s3', `secret/data/${SECRET}`]) {
      expect(await may(path)).toBe(403);
    }
    expect((await site.vault.ask('GET', 'kv/config', undefined, token)).status).toBe(200);
  });
});

describe('the files of deploy/vault', () => {
  test('keep credentials for the eyes of their owner alone', async () => {
    for (const file of ['team-token', 'role-id', 'secret-id'])
      expect((await stat(on.at(file))).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['setup-token.sh', 'nowhere/token', 'auth/token/accessors?list=true'],
    ['approle-credentials.sh', 'nowhere', 'auth/approle/role/rekeyd/secret-id?list=true'],
  ])('%s makes nothing that it could not keep', async (file, where, made) => {
    const before = await read(made);
    await expect(on.setUp(file, {}, on.at(where))).rejects.toThrow('nowhere');
    expect(await read(made)).toEqual(before);
  });

  test.each([
    ['REKEYD_PATHS', 'apps/*'],
    ['REKEYD_MOUNT', 'secret/'],
    ['REKEYD_NAME', 'a b'],
    ['REKEYD_AUTH_PATH', '../sys'],
  ])('refuse %s=%s before they do anything', async (name, value) => {
    const refused = await on.setUp('setup-approle.sh', { [name]: value }).then(undefined, (error: Error) => error);
    expect(refused).toMatchObject({
      message: expect.stringContaining(`ended with 2:\n${name} is "${value}": letters`),
    });
  });

  test.each(['kubernetes', 'jwt'])('leave whom %s trusts as it is, where they are not told', async (method) => {
    await METHODS[method]?.(on).setUp();
    const before = await read(`auth/${method}/config`);
    await on.setUp(`setup-${method}.sh`, { REKEYD_JWT_SUBJECT: SUBJECT });
    expect(await read(`auth/${method}/config`)).toEqual(before);
  });

  test('ask for the subject of a JWT: without one, whoever the issuer knows could log in', async () => {
    await expect(on.setUp('setup-jwt.sh')).rejects.toThrow('REKEYD_JWT_SUBJECT');
  });
});

/** What Terraform would set, with the defaults of its variables. */
async function settingsByTerraform(file: string, type: string): Promise<Readonly<Record<string, unknown>>> {
  const given: Readonly<Record<string, unknown>> = { 'vault_policy.rekeyd.name': 'rekeyd', 'var.jwt.subject': SUBJECT };
  const meaning = async (words: string): Promise<unknown> => {
    const inner = /^\[(.+)\]$/.exec(words)?.[1];
    if (inner !== undefined) return [await meaning(inner)];
    if (words in given) return given[words];
    return words.startsWith('var.') ? defaultOf(join(TERRAFORM, 'variables.tf'), words) : JSON.parse(words);
  };
  const { backend, role_name, ...settings } = await resourceIn(join(TERRAFORM, file), type);
  expect([backend, role_name]).toEqual([`var.${file.replace('.tf', '')}.path`, 'var.name']);
  return Object.fromEntries(
    await Promise.all(Object.entries(settings).map(async ([name, words]) => [name, await meaning(words)])),
  );
}

describe('the Terraform of deploy/vault', () => {
  test.each(['approle', 'kubernetes', 'jwt'])(
    'gives the role of %s the very settings that the shell gives',
    async (method) => {
      const shell = await readFile(join(ROOT, 'deploy', 'vault', `setup-${method}.sh`), 'utf8');
      const [, role = ''] = /role\/\$name" \\\n((?: .*\n)+)/.exec(shell) ?? [];
      const names = [...role.matchAll(/(\w+)=/g)].map(([, name]) => name);
      const settings = await settingsByTerraform(`${method}.tf`, `vault_${method}_auth_backend_role`);
      expect(Object.keys(settings).toSorted()).toEqual(names.toSorted());
      expect(await read(`auth/${method}/role/rekeyd`)).toMatchObject(settings);
    },
  );
});
