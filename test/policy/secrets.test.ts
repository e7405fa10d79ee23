import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readPolicy } from '../../src/policy/load.ts';
import { MissingSecret, Secret } from '../../src/policy/secret.ts';
import { missingReferences, secretSource } from '../../src/policy/secrets.ts';
import { HEAD, NOW, written } from './written.ts';

test('a variable is read anew each time', async () => {
  const env: NodeJS.ProcessEnv = { KEY: 'one' };
  const source = secretSource({ env: 'KEY' }, env);
  expect((await source()).reveal()).toBe('one');
  Object.assign(env, { KEY: 'two' });
  expect((await source()).reveal()).toBe('two');
});

test('a file is read anew each time, without the one newline at its end', async () => {
  const file = await written({ 'rekeyd.yaml': 'one\n' });
  const source = secretSource({ file });
  expect((await source()).reveal()).toBe('one');
  await writeFile(file, ' two \n\r\n');
  expect((await source()).reveal()).toBe(' two \n');
});

test('what the sandbox made is handed out as it is', async () => {
  const made = new Secret('made');
  expect(await secretSource({ made })()).toBe(made);
});

test('a secret that is not there is told with what to do, and never its value', async () => {
  const file = await written({ 'rekeyd.yaml': '\n' });
  const gone = join(dirname(file), 'gone');
  const words = async (source: () => Promise<Secret>) => String(await source().catch((error: unknown) => error));
  expect(await words(secretSource({ env: 'KEY' }, {}))).toBe(
    'MissingSecret: the environment variable KEY is not set; set it where rekeyd is started',
  );
  expect(await words(secretSource({ env: 'KEY' }, { KEY: '' }))).toContain('KEY is empty');
  expect(await words(secretSource({ file }))).toBe(`MissingSecret: the file ${file} is empty; put the secret there`);
  expect(await words(secretSource({ file: gone }))).toBe(
    `MissingSecret: the file ${gone} does not exist; put the secret there or correct the policy`,
  );
  await expect(secretSource({ file: dirname(file) })()).rejects.toBeInstanceOf(MissingSecret);
});

test('every reference of a policy that leads nowhere is listed', async () => {
  const file = await written({
    'rekeyd.yaml': `${HEAD}http: { token: { file: token } }\nwebhooks: [ { url: "https://a.b", secret: { env: HOOK }, events: [rotation.failed] } ]\n`,
    token: 'secret',
  });
  const draft = await readPolicy(file, {}, NOW);
  const missing = async (env: NodeJS.ProcessEnv) =>
    (await missingReferences(draft.complete(), env)).map(({ path, message }) => draft.mistakeAt(path, message).message);
  expect(await missing({ HOOK: `whsec_${'a'.repeat(32)}` })).toEqual([
    'issuers.sto1.api_key: the environment variable GLESYS_API_KEY is not set; set it where rekeyd is started',
    'vault.auth.token: the environment variable VAULT_TOKEN is not set; set it where rekeyd is started',
  ]);
  await rm(join(dirname(file), 'token'));
  expect(await missing({ HOOK: 'too-short-a-key', GLESYS_API_KEY: 'x', VAULT_TOKEN: 'x' })).toEqual([
    `http.token: the file ${join(dirname(file), 'token')} does not exist; put the secret there or correct the policy`,
    expect.stringMatching(/^webhooks\[0\]\.secret: is no secret of Standard Webhooks; write whsec_/),
  ]);
});

test('a reference that leads nowhere is told with file, line and column', async () => {
  const file = await written({ 'rekeyd.yaml': HEAD });
  const draft = await readPolicy(file, {}, NOW);
  const missing = await missingReferences(draft.complete(), {});
  expect(missing.map(({ path, message }) => draft.mistakeAt(path, message))).toMatchObject([
    { file, line: 6, column: 14 },
    { file, line: 12, column: 33 },
  ]);
});
