import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startVault, type VaultStandIn } from '../../src/sandbox/vault/vault.ts';
import { PlainVault } from '../contract/vault-client.ts';
import { SetClock } from './set-clock.ts';

/** What tests turn at the stand-in; what it has in common with a real Vault stands in the contract. */
describe('the Vault stand-in', () => {
  let standIn: VaultStandIn;
  let clock: SetClock;
  let root: PlainVault;
  let nobody: PlainVault;

  beforeEach(async () => {
    clock = new SetClock(Date.UTC(2026, 10, 23, 12));
    standIn = await startVault({ clock });
    root = new PlainVault(standIn.url, standIn.rootToken.reveal());
    nobody = root.as(undefined);
  });
  afterEach(() => standIn.close());

  const tokenWith = (ttlMs: number) => root.as(standIn.vault.tokens.create({ policies: ['default'], ttlMs }).id);

  it('answers 503 "Vault is sealed" to everything while sealed, and as before once unsealed', async () => {
    await root.put('secret/data/a', { data: { a: 'b' } });
    await root.put('sys/seal', {});
    const sealed = { status: 503, body: { errors: ['Vault is sealed'] } };
    expect(await root.get('secret/data/a')).toMatchObject(sealed);
    expect(await nobody.post('auth/approle/login', {})).toMatchObject(sealed);
    expect(await root.get('sys/internal/ui/mounts/secret/data/a')).toMatchObject(sealed);
    standIn.vault.sealed = false;
    expect((await root.get('secret/data/a')).body?.data).toMatchObject({ data: { a: 'b' } });
  });

  it('tells in sys/health that it is sealed, and no cluster then', async () => {
    standIn.vault.sealed = true;
    const said = await nobody.get('sys/health');
    expect(said).toMatchObject({ status: 503, body: { initialized: true, sealed: true } });
    expect(said.body).not.toHaveProperty('cluster_id');
    expect((await nobody.get('sys/health?sealedcode=200')).status).toBe(200);
    expect((await nobody.get('sys/seal-status')).body).toMatchObject({ sealed: true });
  });

  it('has the cluster id that it is given', async () => {
    standIn.vault.clusterId = '11111111-2222-3333-4444-555555555555';
    expect((await nobody.get('sys/health')).body).toMatchObject({ cluster_id: standIn.vault.clusterId });
  });

  it('dates its answers and versions by the clock that it is given', async () => {
    const said = await root.put('secret/data/a', { data: {} });
    expect(said.headers.get('date')).toBe('Mon, 23 Nov 2026 12:00:00 GMT');
    expect(said.body?.data?.['created_time']).toMatch(/^2026-11-23T12:00:00(\.\d+)?Z$/);
    expect((await nobody.get('sys/health')).body).toMatchObject({ server_time_utc: clock.now() / 1000 });
  });

  it('lets versions expire by that clock', async () => {
    await root.post('secret/config', { delete_version_after: '1h' });
    await root.put('secret/data/a', { data: {} });
    clock.advance(3_599_000);
    expect((await root.get('secret/data/a')).status).toBe(200);
    clock.advance(1000);
    expect((await root.get('secret/data/a')).status).toBe(404);
  });

  it('switches the lifetimes of paths off with a negative one of the mount', async () => {
    await root.put('secret/metadata/a', { delete_version_after: '1h' });
    await root.post('secret/config', { delete_version_after: '-1s' });
    expect((await root.get('secret/config')).body?.data).toMatchObject({ delete_version_after: '-1s' });
    expect((await root.put('secret/data/a', { data: {} })).body?.data).toMatchObject({ deletion_time: '' });
  });

  it('lets tokens expire by that clock, and renewed ones later', async () => {
    const [short, renewed] = [tokenWith(60_000), tokenWith(60_000)];
    clock.advance(30_000);
    await renewed.post('auth/token/renew-self');
    clock.advance(30_000);
    expect((await short.get('auth/token/lookup-self')).status).toBe(403);
    expect((await renewed.get('auth/token/lookup-self')).body?.data).toMatchObject({ ttl: 30 });
  });

  it('kills all tokens but root when it is told to', async () => {
    const token = tokenWith(60_000);
    standIn.vault.tokens.revokeAll();
    expect((await token.get('auth/token/lookup-self')).body?.errors?.[0]).toContain('invalid token');
    expect((await root.get('auth/token/lookup-self')).status).toBe(200);
  });

  it('makes a token with any rights', async () => {
    const reader = root.as(standIn.vault.tokenFor('path "secret/data/a" { capabilities = ["read"] }').reveal());
    expect((await reader.get('secret/data/a')).status).toBe(404);
    expect((await reader.put('secret/data/a', { data: {} })).status).toBe(403);
  });

  it('forgets a secret id when it is told to', async () => {
    const roleId = standIn.vault.appRole.setRole('app', { policies: [] });
    const secretId = standIn.vault.appRole.addSecretId('app');
    const login = () => nobody.post('auth/approle/login', { role_id: roleId, secret_id: secretId });
    expect((await login()).status).toBe(200);
    standIn.vault.appRole.removeSecretId(secretId);
    expect((await login()).status).toBe(400);
  });

  it.each([
    ['kubernetes', 403, 'invalid role name "other"'],
    ['jwt', 400, 'role "other" could not be found'],
  ] as const)('lets in by %s whom it is told to', async (type, wrongJwt, wrongRole) => {
    standIn.vault.mountJwt(type, 'here').allow('app', 'the-jwt', { policies: ['p'], ttlMs: 60_000 });
    const login = (role: string, jwt: string) => nobody.post('auth/here/login', { role, jwt });
    expect((await login('app', 'the-jwt')).body?.auth).toMatchObject({
      policies: ['default', 'p'],
      lease_duration: 60,
    });
    expect((await login('app', 'another')).status).toBe(wrongJwt);
    expect(await login('other', 'the-jwt')).toMatchObject({ status: 400, body: { errors: [wrongRole] } });
  });

  it('makes a mount KV v1 when it is told to', async () => {
    standIn.vault.mountKv('secret', 1);
    expect(await root.put('secret/data/a', { data: {} })).toMatchObject({ status: 204 });
    expect(() => standIn.vault.kv2('secret')).toThrow('no KV v2 at secret/');
  });

  it('has the namespaces that it is given, by their path', async () => {
    standIn.vault.namespaces.add('team-a');
    expect((await root.get('team-a/sys/internal/ui/mounts/secret/data/a')).status).toBe(200);
    expect((await root.get('team-b/sys/internal/ui/mounts/secret/data/a')).status).toBe(404);
  });

  it('shows what a path holds, and takes what a person with every right would write', async () => {
    const store = standIn.vault.kv2();
    store.poke('a', { by: 'hand' });
    store.poke('a', { by: 'hand again' });
    expect((await root.get('secret/data/a')).body?.data).toMatchObject({
      data: { by: 'hand again' },
      metadata: { version: 2 },
    });
    expect(store.peek('a')).toEqual({ by: 'hand again' });
    await root.delete('secret/data/a');
    expect(store.peek('a')).toBeUndefined();
    expect(store.paths()).toEqual(['a']);
  });
});
