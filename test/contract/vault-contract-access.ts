import { beforeAll, describe, expect, it } from 'vitest';
import { AppRoleScene } from './approle-scene.ts';
import { type PlainVault, until } from './vault-client.ts';
import type { VaultScene } from './vault-scene.ts';

/** Who is let in, and for how long. */
export function accessContract(scene: () => VaultScene): void {
  describe('access', () => {
    let approle: AppRoleScene;

    beforeAll(async () => {
      approle = await AppRoleScene.open(scene(), 'access');
      await approle.loggedIn();
    });

    describe('AppRole', () => {
      it('gives a renewable token with the time and the policies of the role', async () => {
        await approle.loggedIn('1h', '2h');
        const said = await approle.login();
        expect(said.status).toBe(200);
        expect(said.body?.auth).toMatchObject({
          client_token: expect.stringMatching(/.{8}/),
          lease_duration: 3600,
          renewable: true,
          token_policies: [approle.policy, 'default'].sort(),
          metadata: { role_name: 'app' },
        });
      });

      it('refuses a wrong role id or secret id with the same 400', async () => {
        for (const ids of [
          { role_id: 'nobody', secret_id: approle.ids.secret_id },
          { role_id: approle.ids.role_id, secret_id: 'wrong' },
        ]) {
          expect(await approle.login(ids)).toMatchObject({
            status: 400,
            body: { errors: ['invalid role or secret ID'] },
          });
        }
      });

      it('says that a secret id is missing', async () => {
        expect(await approle.login({ role_id: approle.ids.role_id })).toMatchObject({
          status: 400,
          body: { errors: ['missing secret_id'] },
        });
      });

      it('says 403 of a login where no method is mounted', async () => {
        const said = await scene().vault.as(undefined).post('auth/nowhere/login', {});
        expect(said).toMatchObject({ status: 403, body: { errors: ['permission denied'] } });
      });
    });

    describe('tokens', () => {
      it('tell about themselves', async () => {
        const said = await (await approle.loggedIn()).get('auth/token/lookup-self');
        expect(said.body?.data).toMatchObject({
          renewable: true,
          creation_ttl: 3600,
          policies: [approle.policy, 'default'].sort(),
        });
        expect(said.body?.data?.['ttl']).toBeGreaterThan(3500);
        expect(Date.parse(String(said.body?.data?.['expire_time']))).toBeGreaterThan(0);
      });

      it('of root live for ever and cannot be renewed', async () => {
        const { vault } = scene();
        expect((await vault.get('auth/token/lookup-self')).body?.data).toMatchObject({ ttl: 0, expire_time: null });
        const said = await vault.post('auth/token/renew-self');
        // The first for a root token that was made with an id of its own, the second for the one of `operator init`.
        expect(['lease is not renewable', 'invalid lease ID']).toContain(said.body?.errors?.join());
        expect(said.status).toBe(400);
      });

      it('are renewed for their first time or for what is asked', async () => {
        const token = await approle.loggedIn();
        expect((await token.post('auth/token/renew-self')).body?.auth).toMatchObject({ lease_duration: 3600 });
        const said = await token.post('auth/token/renew-self', { increment: '90m' });
        expect(said.body?.auth).toMatchObject({ lease_duration: 5400, client_token: token.token });
      });

      it('are never renewed beyond their greatest age', async () => {
        const token = await approle.loggedIn('1h', '2h');
        const said = await token.post('auth/token/renew-self', { increment: '24h' });
        expect(said.status).toBe(200);
        const seconds = Number(said.body?.auth?.['lease_duration']);
        expect(seconds).toBeGreaterThan(7000);
        expect(seconds).toBeLessThanOrEqual(7200);
      });

      it('say 403 with "invalid token" once revoked, at every path', async () => {
        const token = await approle.loggedIn();
        expect((await token.post('auth/token/revoke-self')).status).toBe(204);
        await expectDead(token);
      });

      it('say 403 with "invalid token" once expired', async () => {
        const token = await approle.loggedIn('1s', '1s');
        await until(
          () => token.get('auth/token/lookup-self'),
          (said) => said.status !== 200,
        );
        await expectDead(token);
      });

      it('say 403 with "invalid token" when made up', async () => {
        await expectDead(scene().vault.as('hvs.made-up'));
      });

      it('are asked for with 403 without "invalid token"', async () => {
        const said = await scene().vault.as(undefined).get(`${scene().kv}/data/mine/a`);
        expect(said).toMatchObject({ status: 403, body: { errors: ['permission denied'] } });
      });

      async function expectDead(token: PlainVault): Promise<void> {
        const { kv } = scene();
        const said = [
          await token.get(`${kv}/data/mine/a`),
          await token.put(`${kv}/data/mine/a`, { data: {} }),
          await token.get(`sys/internal/ui/mounts/${kv}/data/mine/a`),
          await token.post('sys/capabilities-self', { paths: ['x'] }),
          await token.post('auth/token/renew-self'),
        ];
        for (const one of said) {
          expect(one.status).toBe(403);
          expect(one.body?.errors?.join()).toContain('permission denied');
          expect(one.body?.errors?.join()).toContain('invalid token');
        }
      }
    });

    describe('health', () => {
      it('is for everybody and names the cluster', async () => {
        const said = await scene().vault.as(undefined).get('sys/health');
        expect(said).toMatchObject({ status: 200, body: { initialized: true, sealed: false, standby: false } });
        expect(said.body?.['cluster_id']).toMatch(/^[0-9a-f-]{36}$/);
        expect(said.body?.['version']).toMatch(/^\d+\.\d+\.\d+/);
        expect(said.body?.['server_time_utc']).toBeGreaterThan(1_700_000_000);
      });

      it('takes the status codes that a prober wishes', async () => {
        const said = await scene().vault.as(undefined).get('sys/health?standbyok=true&activecode=299');
        expect(said.status).toBe(299);
      });
    });
  });
}
