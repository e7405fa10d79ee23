import { beforeAll, describe, expect, it } from 'vitest';
import { AppRoleScene, expectDenied } from './approle-scene.ts';
import type { VaultScene } from './vault-scene.ts';

/** What who is let in may do. */
export function policiesContract(scene: () => VaultScene): void {
  describe('rights', () => {
    let approle: AppRoleScene;

    beforeAll(async () => {
      approle = await AppRoleScene.open(scene(), 'rights');
      await approle.loggedIn();
    });

    describe('policies', () => {
      it('deny with 403 "permission denied" and without "invalid token"', async () => {
        const token = await approle.loggedIn();
        const said = await token.get(`${scene().kv}/data/others/a`);
        expectDenied(said);
      });

      it('say the same where nothing is mounted, so that mounts cannot be guessed', async () => {
        const token = await approle.loggedIn();
        expectDenied(await token.get('nowhere/data/a'));
        expect((await token.get('sys/internal/ui/mounts/nowhere/data/a')).status).toBe(403);
      });

      it('need create for a new path only, and update for one that has or had a version', async () => {
        const { vault, kv } = scene();
        const token = await approle.loggedIn();
        const write = (path: string) => token.put(`${kv}/data/${path}`, { data: {} });
        expect((await write('new-only/a')).status).toBe(200);
        expectDenied(await write('new-only/a'));
        expectDenied(await write('old-only/a'));
        await vault.must('PUT', `${kv}/data/old-only/a`, { data: {} });
        expect((await write('old-only/a')).status).toBe(200);
        await vault.delete(`${kv}/data/old-only/a`);
        expect((await write('old-only/a')).status).toBe(200);
      });

      it('need patch for a merge-PATCH and delete for a deletion', async () => {
        const { kv } = scene();
        const token = await approle.loggedIn();
        await token.put(`${kv}/data/mine/p`, { data: { a: 1 } });
        expect((await token.patch(`${kv}/data/mine/p`, { data: { b: 2 } })).status).toBe(200);
        expectDenied(await token.delete(`${kv}/data/mine/p`));
        expectDenied(await token.patch(`${kv}/data/old-only/p`, { data: {} }));
      });

      it('know + for one segment, prefer the longer path, and let deny win', async () => {
        const { kv } = scene();
        const token = await approle.loggedIn();
        expect((await token.get(`${kv}/data/anyone/shared`)).status).toBe(404);
        expectDenied(await token.get(`${kv}/data/any/one/shared`));
        expectDenied(await token.put(`${kv}/data/mine/secret/a`, { data: {} }));
      });

      it('tell the capabilities of several paths, sorted, and deny where there are none', async () => {
        const { kv } = scene();
        const token = await approle.loggedIn();
        const said = await token.post('sys/capabilities-self', {
          paths: [`${kv}/data/mine/a`, `${kv}/data/others/a`, `${kv}/metadata/mine/a`],
        });
        expect(said.status).toBe(200);
        expect(said.body?.data).toEqual({
          [`${kv}/data/mine/a`]: ['create', 'patch', 'read', 'update'],
          [`${kv}/data/others/a`]: ['deny'],
          [`${kv}/metadata/mine/a`]: ['patch', 'read'],
        });
      });

      it('tell root that it is root', async () => {
        const said = await scene().vault.post('sys/capabilities-self', { paths: ['anything'] });
        expect(said.body?.data).toEqual({ anything: ['root'], capabilities: ['root'] });
      });

      it('let who may do something below a mount see its kind, and nobody else', async () => {
        const { vault, kv } = scene();
        const token = await approle.loggedIn();
        const said = await token.get(`sys/internal/ui/mounts/${kv}/data/mine/a`);
        expect(said.body?.data).toMatchObject({ type: 'kv', options: { version: '2' } });
        const made = await vault.must('POST', 'auth/token/create', { policies: ['default'], ttl: '1m' });
        const stranger = vault.as(String(made.body?.auth?.['client_token']));
        expect((await stranger.get(`sys/internal/ui/mounts/${kv}/data/mine/a`)).status).toBe(403);
      });

      it('that cannot be read are refused with 400', async () => {
        const bad = { policy: 'path "a" { capabilities = ["fly"] }' };
        const said = await scene().vault.put('sys/policies/acl/contract-bad', bad);
        expect(said.status).toBe(400);
        expect(said.body?.errors?.[0]).toContain('invalid capability "fly"');
      });
    });

    describe('namespaces of a Community Vault', () => {
      it('in the header are ignored: what is written lands in root', async () => {
        const { vault, kv } = scene();
        const header = { 'x-vault-namespace': 'team-a' };
        await vault.ask('PUT', `${kv}/data/mine/ns`, { data: { a: 'b' } }, header);
        expect((await vault.get(`${kv}/data/mine/ns`)).status).toBe(200);
        expect((await vault.get(`sys/internal/ui/mounts/${kv}/data/a`, header)).status).toBe(200);
      });

      it('in the path are no handler to root and denied to others', async () => {
        const { vault, kv } = scene();
        for (const path of [`team-a/${kv}/data/mine/a`, `team-a/sys/internal/ui/mounts/${kv}/data/mine/a`]) {
          const said = await vault.get(path);
          expect(said.status).toBe(404);
          expect(said.body?.errors?.[0]).toContain('no handler for route');
          expectDenied(await (await approle.loggedIn()).get(path));
        }
      });
    });
  });
}
