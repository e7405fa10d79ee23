import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { systemClock } from '../../src/system.ts';
import { openVaultStore } from '../../src/vault/store.ts';
import { useScene } from '../support/scene.ts';
import type { Daemon } from './support/daemon.ts';
import { JwtSigner } from './support/jwt.ts';
import { ACCOUNT, AUDIENCE, type AuthWords, LoginSite, METHODS, SUBJECT } from './support/login-methods.ts';
import { run } from './support/setting.ts';
import { arrangeUntouched } from './support/vault-setup.ts';

const other = { namespace: 'rekeyd', name: 'other' };
const elsewhere = { namespace: 'other', name: 'rekeyd' };
/** A bound on waiting only. */
const PATIENCE_MS = 150_000;

const scene = useScene();
let on: LoginSite;

beforeAll(async () => {
  on = await LoginSite.open(scene, await arrangeUntouched(scene));
});

/** One application of its own with the default `verify.timeout`, by which the token's life is judged. */
function runWith(name: string, auth: AuthWords): Promise<Daemon> {
  return run(on.site, name, {
    vault: { auth },
    defaults: { grace: '2s', verify: { timeout: '60s', successes: 2 } },
    applications: { [name]: { issuer: 'sto1', path: `apps/${name}/s3`, rotate: { every: '3s' } } },
  });
}

type Env = Readonly<Record<string, string>>;

const generationOf = (daemon: Daemon): number =>
  Number(daemon.lines({ event: 'rotation.done' }).at(-1)?.['generation'] ?? 0);

/** So many more rotations, the last of them to its end. */
async function untilRotated(daemon: Daemon, times: number): Promise<void> {
  const generation = generationOf(daemon) + times;
  await daemon.until({ event: 'rotation.done', generation }, undefined, PATIENCE_MS);
  await daemon.until({ event: 'credential.revoked', generation: generation - 1 }, undefined, PATIENCE_MS);
}

async function stop(daemon: Daemon): Promise<void> {
  expect(await daemon.stop()).toEqual({ code: 0, signal: null });
  expect(daemon.lines({ event: 'rotation.failed' })).toEqual([]);
}

describe.each(Object.entries(METHODS))('a login by %s, set up by the files of deploy/vault', (name, methodOf) => {
  let daemon: Daemon;

  test('suffices for rotations to their end', async () => {
    daemon = await runWith(name, { method: name, ...(await methodOf(on).setUp()) });
    await untilRotated(daemon, 2);
  });

  test('is made with what stands in its files now, once the old is worth nothing any more', async () => {
    await methodOf(on).replace();
    await untilRotated(daemon, 2);
  });

  afterAll(() => stop(daemon));
});

/** Logs in as the daemon does; throws what it would show. */
async function logIn(method: 'kubernetes' | 'jwt', mount: string, jwt: string): Promise<void> {
  const made = new Secret(jwt);
  const auth = { method, mount, role: 'rekeyd', jwt: { made } } as const;
  const policy = { address: on.site.vault.address, mount: 'secret', auth };
  const store = openVaultStore(policy, { clock: systemClock, secretOf: () => async () => made });
  await store.login().finally(() => store.close());
}

describe('a login by JWT whose issuer publishes its keys', () => {
  test.each([
    ['by their address', (): Env => ({ JWT_JWKS_URL: on.kube.keysUrl })],
    ['by OpenID Connect', (): Env => ({ JWT_DISCOVERY_URL: on.kube.address, JWT_ISSUER: on.kube.address })],
  ])('%s needs no key in Vault', async (how, where) => {
    const mount = how.replaceAll(' ', '-');
    const env = { REKEYD_AUTH_PATH: mount, REKEYD_JWT_SUBJECT: 'system:serviceaccount:rekeyd:rekeyd' };
    await on.setUp('setup-jwt.sh', { ...env, ...where(), JWT_CA_FILE: await on.put('ca', on.kube.ca) });
    await logIn('jwt', mount, on.kube.tokenFor(ACCOUNT, AUDIENCE));
    await expect(logIn('jwt', mount, on.kube.tokenFor(other, AUDIENCE))).rejects.toThrow('subject');
  });
});

type Case = readonly [what: string, method: 'kubernetes' | 'jwt', jwt: () => string, words: string];

const WRONG: readonly Case[] = [
  ['another service account', 'kubernetes', () => on.kube.tokenFor(other, AUDIENCE), 'name not authorized'],
  ['another namespace', 'kubernetes', () => on.kube.tokenFor(elsewhere, AUDIENCE), 'namespace not authorized'],
  ['another audience', 'kubernetes', () => on.kube.tokenFor(ACCOUNT, 'others'), 'audience'],
  [
    'keys that are not the API server’s',
    'kubernetes',
    () => on.kube.tokenFor(ACCOUNT, AUDIENCE, new JwtSigner()),
    'permission denied',
  ],
  ['another audience', 'jwt', () => on.signer.sign({ sub: SUBJECT, aud: 'others' }), 'audience'],
  ['another subject', 'jwt', () => on.signer.sign({ sub: `${SUBJECT}-2`, aud: AUDIENCE }), 'subject'],
  ['other keys', 'jwt', () => new JwtSigner().sign({ sub: SUBJECT, aud: AUDIENCE }), 'signature'],
  ['a time that is over', 'jwt', () => on.signer.sign({ sub: SUBJECT, aud: AUDIENCE, exp: 1_000_000_000 }), 'expired'],
];

describe('a JWT that is not rekeyd’s', () => {
  test.each(WRONG)('of %s is refused by %s, in words that say what is wrong', async (_, method, jwt, words) => {
    const made = jwt();
    const refused = await logIn(method, method, made).then(undefined, (error: Error) => error);
    expect(refused).toMatchObject({ code: 'vault-login-rejected', reason: expect.stringContaining(words) });
    expect(JSON.stringify(refused)).not.toContain(made);
  });

  test('keeps a daemon from everything, which says so and goes on once the right one is in the file', async () => {
    const file = await on.put('mistaken', on.kube.tokenFor(other, AUDIENCE));
    const daemon = await runWith('mistaken', { method: 'kubernetes', role: 'rekeyd', jwt: { file } });
    const line = await daemon.until({ event: 'pass.failed', code: 'vault-login-rejected' });
    expect(line).toMatchObject({
      msg: expect.stringContaining('service account name not authorized'),
      remedy: expect.stringContaining('Check `vault.auth`'),
    });
    await writeFile(file, on.kube.tokenFor(ACCOUNT, AUDIENCE));
    await untilRotated(daemon, 2);
    await stop(daemon);
  });
});
