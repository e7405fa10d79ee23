import { describe, expect, it } from 'vitest';
import type { SecretReference } from '../../src/policy/policy.ts';
import { MissingSecret, Secret } from '../../src/policy/secret.ts';
import type { VaultStandIn } from '../../src/sandbox/vault/vault.ts';
import { failureOf } from '../transport/failure.ts';
import { visible } from '../transport/leaks.ts';
import { SetClock, storeAt, tokenAuth, vaultAt } from './open-store.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PATH = 'apps/a';

/** Counts what a stand-in is asked, by a fault that strikes nothing in a thousand years. */
function counting(vault: VaultStandIn, path: string): () => number {
  const fault = { path: `/v1/${path}`, fault: 'status' as const, status: 500, every: 1e9 };
  vault.faults.add(fault);
  const at = vault.faults.list().length - 1;
  return () => vault.faults.list()[at]?.matched ?? 0;
}

async function appRole(ttl: { ttlMs?: number; maxTtlMs?: number } = {}) {
  const clock = new SetClock();
  const vault = await vaultAt(clock);
  const roleId = vault.vault.appRole.setRole('rekeyd', { policies: ['rekeyd'], ttlMs: HOUR, ...ttl });
  const values = { role: roleId, secret: vault.vault.appRole.addSecretId('rekeyd') };
  const secretOf = (reference: SecretReference) => async () => {
    const name = 'env' in reference ? reference.env : '';
    const value = values[name as keyof typeof values];
    if (value === '') throw new MissingSecret(`the environment variable ${name} is empty`);
    return new Secret(value);
  };
  const auth = { method: 'approle', mount: 'approle', roleId: { env: 'role' }, secretId: { env: 'secret' } } as const;
  const store = storeAt(vault.url, clock, auth, { secretOf });
  const logins = counting(vault, 'auth/approle/login');
  const renewals = counting(vault, 'auth/token/renew-self');
  return { clock, vault, values, store, logins, renewals };
}

describe('login by AppRole', () => {
  it('is made once for many callers at the same time', async () => {
    const { store, logins } = await appRole();
    await Promise.all(Array.from({ length: 20 }, () => store.read(PATH)));
    expect(logins()).toBe(1);
  });

  it('is not made again while its token lives', async () => {
    const { store, logins, clock } = await appRole();
    await store.read(PATH);
    clock.time += HOUR / 2;
    await store.read(PATH);
    expect(logins()).toBe(1);
  });

  it('that is refused names what to check, and shows neither id', async () => {
    const { store, values } = await appRole();
    values.secret = 'wrong-secret-id';
    const error = await failureOf(store.read(PATH));
    expect(error).toMatchObject({ kind: 'rejected', code: 'vault-login-rejected', concerns: 'server' });
    expect(error.remedy).toContain('vault.auth');
    expect(visible(error)).not.toContain('wrong-secret-id');
    expect(visible(error)).not.toContain(values.role);
  });

  it('that was refused is not tried again at once with the same credentials, but at once with others', async () => {
    const { store, values, logins, vault } = await appRole();
    values.secret = 'wrong';
    await failureOf(store.read(PATH));
    await failureOf(store.read(PATH));
    expect(logins()).toBe(1);
    values.secret = vault.vault.appRole.addSecretId('rekeyd');
    await store.read(PATH);
    expect(logins()).toBe(2);
  });

  it('that was refused is tried again after a while with the same credentials', async () => {
    const { store, values, logins, clock } = await appRole();
    values.secret = 'wrong';
    await failureOf(store.read(PATH));
    clock.time += MINUTE;
    await failureOf(store.read(PATH));
    expect(logins()).toBe(2);
  });

  it('without its credentials sends nothing and names what is missing', async () => {
    const { store, values, logins } = await appRole();
    values.secret = '';
    expect(await failureOf(store.login())).toMatchObject({
      kind: 'rejected',
      code: 'secret-missing',
      reason: 'the environment variable secret is empty',
    });
    expect(logins()).toBe(0);
  });
});

describe('a token in the last third of its life', () => {
  it('is renewed', async () => {
    const { store, clock, logins, renewals } = await appRole();
    await store.read(PATH);
    clock.time += 41 * MINUTE;
    await store.read(PATH);
    expect([logins(), renewals()]).toEqual([1, 1]);
    expect(store.tokenStanding()).toEqual({ expiresAt: clock.time + HOUR, lifetimeMs: HOUR, problem: undefined });
  });

  it('is replaced by a login where renewing helps no more', async () => {
    const { store, clock, logins } = await appRole({ maxTtlMs: HOUR });
    await store.read(PATH);
    clock.time += 50 * MINUTE;
    await store.read(PATH);
    expect(logins()).toBe(2);
    expect(store.tokenStanding().expiresAt).toBe(clock.time + HOUR);
  });

  it('is used on while it lives, though Vault can neither renew nor log in, and the trouble shows', async () => {
    const { store, clock, vault } = await appRole();
    await store.read(PATH);
    vault.faults.add({ path: '/v1/auth', fault: 'status', status: 500 });
    clock.time += 50 * MINUTE;
    expect(await store.read(PATH)).toMatchObject({ state: 'absent' });
    expect(store.tokenStanding().problem).toMatchObject({ code: 'vault-error' });
    vault.faults.clear();
    await store.read(PATH);
    expect(store.tokenStanding().problem).toBeUndefined();
  });
});

describe('a token that does not live long enough for what is to come', () => {
  it('is renewed for as long as is needed', async () => {
    const { store, clock, logins, renewals } = await appRole({ ttlMs: 10 * MINUTE, maxTtlMs: HOUR });
    await store.read(PATH);
    expect((await store.standing(PATH, 15 * MINUTE)).tokenTtlMs).toBe(15 * MINUTE);
    expect([logins(), renewals()]).toEqual([1, 1]);
    expect(store.tokenStanding().expiresAt).toBe(clock.time + 15 * MINUTE);
  });

  it('is replaced where it cannot be renewed so far', async () => {
    const { store, clock, logins } = await appRole({ maxTtlMs: HOUR });
    await store.read(PATH);
    clock.time += 30 * MINUTE;
    expect((await store.standing(PATH, 40 * MINUTE)).tokenTtlMs).toBe(HOUR);
    expect(logins()).toBe(2);
  });

  it('is told as it is where no token lives so long, without a login at each look', async () => {
    const { store, logins } = await appRole({ ttlMs: 2 * MINUTE, maxTtlMs: 2 * MINUTE });
    for (let look = 0; look < 5; look += 1) {
      expect((await store.standing(PATH, HOUR)).tokenTtlMs).toBe(2 * MINUTE);
    }
    expect(logins()).toBe(1);
  });
});

describe('a token that Vault calls invalid', () => {
  it('is replaced, and what was refused is done once more', async () => {
    const { store, clock, vault, logins } = await appRole();
    await store.read(PATH);
    vault.vault.tokens.revokeAll();
    clock.time += MINUTE;
    expect(await store.write(PATH, new Secret({ a: 'b' }), 0)).toEqual({ version: 1 });
    expect(logins()).toBe(2);
  });

  it('is replaced once for many callers at the same time', async () => {
    const { store, clock, vault, logins } = await appRole();
    await store.read(PATH);
    vault.vault.tokens.revokeAll();
    clock.time += MINUTE;
    await Promise.all(Array.from({ length: 20 }, () => store.read(PATH)));
    expect(logins()).toBe(2);
  });

  it('leads to at most one login a minute', async () => {
    const { store, clock, vault, logins } = await appRole();
    await store.read(PATH);
    vault.vault.tokens.revokeAll();
    clock.time += MINUTE - 1;
    expect(await failureOf(store.read(PATH))).toMatchObject({ kind: 'rejected', code: 'vault-token-dead' });
    expect(logins()).toBe(1);
    clock.time += 1;
    await store.read(PATH);
    expect(logins()).toBe(2);
  });

  it('is no business of a denial, which leads to no login', async () => {
    const { store, clock, vault, logins } = await appRole();
    await store.read(PATH);
    vault.vault.policies.set('rekeyd', 'path "secret/other" { capabilities = ["read"] }');
    clock.time += 10 * MINUTE;
    expect(await failureOf(store.read(PATH))).toMatchObject({ kind: 'rejected', code: 'vault-permission-denied' });
    expect(logins()).toBe(1);
  });
});

describe('a given token', () => {
  async function given(token: string, clock = new SetClock()) {
    const vault = await vaultAt(clock);
    const values = { token };
    const secretOf = () => async () => new Secret(values.token);
    const store = storeAt(vault.url, clock, { method: 'token', token: { env: 'token' } }, { secretOf });
    return { clock, vault, values, store };
  }

  it('that lives for ever does', async () => {
    const clock = new SetClock();
    const vault = await vaultAt(clock);
    const store = storeAt(vault.url, clock, tokenAuth(vault.rootToken.reveal()));
    expect((await store.standing(PATH, HOUR)).tokenTtlMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('that died is replaced by what stands at its source now, at once', async () => {
    const { vault, values, store } = await given('');
    values.token = vault.vault.tokens.create({ policies: ['default', 'rekeyd'], ttlMs: HOUR }).id;
    await store.read(PATH);
    vault.vault.tokens.revoke(values.token);
    values.token = vault.vault.tokens.create({ policies: ['default', 'rekeyd'], ttlMs: HOUR }).id;
    expect(await store.read(PATH)).toMatchObject({ state: 'absent' });
  });

  it('that died is reported, and asked about no more, while its source is as it was', async () => {
    const { vault, values, store } = await given('');
    values.token = vault.vault.tokens.create({ policies: ['default', 'rekeyd'], ttlMs: HOUR }).id;
    const lookups = counting(vault, 'auth/token/lookup-self');
    await store.read(PATH);
    vault.vault.tokens.revoke(values.token);
    const error = await failureOf(store.read(PATH));
    expect(error).toMatchObject({ kind: 'rejected', code: 'vault-token-dead', concerns: 'server' });
    expect(visible(error)).not.toContain(values.token);
    expect(lookups()).toBe(1);
  });

  it('without the policy `default` cannot be looked up, and that is what is said', async () => {
    const { vault, values, store } = await given('');
    values.token = vault.vault.tokens.create({ policies: ['rekeyd'], ttlMs: HOUR }).id;
    const error = await failureOf(store.login());
    expect(error).toMatchObject({ kind: 'rejected', code: 'vault-permission-denied', concerns: 'server' });
    expect(error.remedy).toContain('`default`');
  });

  it('that somebody else renewed is known to live on', async () => {
    const { vault, values, store, clock } = await given('');
    const token = vault.vault.tokens.create({ policies: ['default', 'rekeyd'], ttlMs: HOUR, renewable: false });
    values.token = token.id;
    await store.read(PATH);
    clock.time += HOUR - 1000;
    vault.vault.tokens.renew(token, HOUR);
    clock.time += 1000;
    expect((await store.standing(PATH, MINUTE)).tokenTtlMs).toBe(HOUR - 1000);
  });
});

describe.each(['kubernetes', 'jwt'] as const)('login by %s', (method) => {
  it('reads its JWT anew each time', async () => {
    const clock = new SetClock();
    const vault = await vaultAt(clock);
    const door = vault.vault.mountJwt(method, 'cluster');
    let jwt = 'first-jwt';
    const secretOf = () => async () => new Secret(jwt);
    const auth = { method, mount: 'cluster', role: 'rekeyd', jwt: { env: 'jwt' } } as const;
    door.allow('rekeyd', 'first-jwt', { policies: ['rekeyd'], ttlMs: MINUTE, maxTtlMs: MINUTE });
    const store = storeAt(vault.url, clock, auth, { secretOf });
    await store.read(PATH);
    clock.time += MINUTE;
    jwt = 'second-jwt';
    const error = await failureOf(store.read(PATH));
    expect(error).toMatchObject({ code: 'vault-login-rejected', kind: 'rejected' });
    expect(visible(error)).not.toContain('second-jwt');
    door.allow('rekeyd', 'second-jwt', { policies: ['rekeyd'], ttlMs: MINUTE });
    clock.time += MINUTE;
    expect(await store.read(PATH)).toMatchObject({ state: 'absent' });
  });
});
