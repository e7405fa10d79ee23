import { describe, expect, it } from 'vitest';
import { until } from './vault-client.ts';
import { A_TIME, CONFLICT, metadataOf, NEVER, type VaultScene } from './vault-scene.ts';

/** What becomes of versions: deleted, destroyed, described, expired. */
export function versionsContract(scene: () => VaultScene): void {
  describe('KV v2 deletion', () => {
    it('says 404 with the metadata of a deleted newest version', async () => {
      const path = await scene().written();
      expect((await scene().vault.delete(`${scene().kv}/data/${path}`)).status).toBe(204);
      const said = await scene().read(path);
      expect(said.status).toBe(404);
      expect(said.body?.data).toMatchObject({ data: null, metadata: { version: 1, destroyed: false } });
      expect(metadataOf(said)['deletion_time']).toEqual(A_TIME);
    });

    it('compares the next write with the deleted version', async () => {
      const path = await scene().written();
      await scene().vault.delete(`${scene().kv}/data/${path}`);
      expect(await scene().write(path, 0, {})).toMatchObject(CONFLICT);
      expect(await scene().write(path, 1, { a: 'c' })).toMatchObject({ status: 200, body: { data: { version: 2 } } });
      expect((await scene().read(path)).status).toBe(200);
    });

    it('brings a deleted version back by undelete', async () => {
      const path = await scene().written({ back: true });
      await scene().vault.post(`${scene().kv}/delete/${path}`, { versions: [1] });
      expect((await scene().read(path)).status).toBe(404);
      expect((await scene().vault.post(`${scene().kv}/undelete/${path}`, { versions: [1] })).status).toBe(204);
      expect((await scene().read(path)).body?.data).toMatchObject({
        data: { back: true },
        metadata: { deletion_time: '' },
      });
    });

    it('keeps the time of deletion when deleted again', async () => {
      const path = await scene().written();
      await scene().vault.delete(`${scene().kv}/data/${path}`);
      const first = metadataOf(await scene().read(path))['deletion_time'];
      await scene().vault.delete(`${scene().kv}/data/${path}`);
      expect(metadataOf(await scene().read(path))['deletion_time']).toBe(first);
    });

    it('destroys for good, with 404, the metadata and destroyed', async () => {
      const path = await scene().written();
      expect((await scene().vault.post(`${scene().kv}/destroy/${path}`, { versions: [1] })).status).toBe(204);
      await scene().vault.post(`${scene().kv}/undelete/${path}`, { versions: [1] });
      const said = await scene().read(path);
      expect(said).toMatchObject({ status: 404, body: { data: { data: null } } });
      expect(metadataOf(said)).toMatchObject({ version: 1, destroyed: true, deletion_time: '' });
    });

    it('asks for versions to delete, undelete and destroy', async () => {
      const path = await scene().written();
      for (const verb of ['delete', 'undelete', 'destroy']) {
        expect((await scene().vault.post(`${scene().kv}/${verb}/${path}`, {})).status).toBe(400);
      }
    });

    it('deletes what never was without complaint', async () => {
      const path = scene().fresh();
      expect((await scene().vault.delete(`${scene().kv}/data/${path}`)).status).toBe(204);
      expect((await scene().vault.delete(`${scene().kv}/metadata/${path}`)).status).toBe(204);
    });

    it('numbers from 1 again only after the metadata is deleted', async () => {
      const path = await scene().written();
      await scene().vault.delete(`${scene().kv}/metadata/${path}`);
      expect(await scene().read(path)).toMatchObject(NEVER);
      expect((await scene().write(path, 0, {})).body?.data).toMatchObject({ version: 1 });
    });
  });

  describe('KV v2 metadata', () => {
    it('tells the versions with times and states', async () => {
      const path = await scene().written();
      await scene().write(path, 1, {});
      await scene().vault.post(`${scene().kv}/destroy/${path}`, { versions: [1] });
      const said = await scene().vault.get(`${scene().kv}/metadata/${path}`);
      expect(said.body?.data).toMatchObject({
        cas_required: false,
        current_version: 2,
        custom_metadata: null,
        delete_version_after: '0s',
        max_versions: 0,
        versions: {
          1: { created_time: A_TIME, deletion_time: '', destroyed: true },
          2: { destroyed: false },
        },
      });
    });

    it('says 404 with no errors where there is none', async () => {
      expect(await scene().vault.get(`${scene().kv}/metadata/${scene().fresh()}`)).toMatchObject(NEVER);
    });

    it('merges custom metadata by PATCH, shows it with the data, and writes no new version', async () => {
      const path = await scene().written();
      await scene().vault.put(`${scene().kv}/metadata/${path}`, { custom_metadata: { keep: 'a', drop: 'b' } });
      const said = await scene().vault.patch(`${scene().kv}/metadata/${path}`, {
        custom_metadata: { drop: null, more: 'c' },
      });
      expect(said.status).toBe(204);
      expect(metadataOf(await scene().read(path))).toMatchObject({
        custom_metadata: { keep: 'a', more: 'c' },
        version: 1,
      });
    });

    it('takes 512 bytes of custom metadata and refuses 513, counted in bytes', async () => {
      const path = `${scene().kv}/metadata/${await scene().written()}`;
      expect((await scene().vault.patch(path, { custom_metadata: { k: 'v'.repeat(512) } })).status).toBe(204);
      for (const value of ['v'.repeat(513), 'ö'.repeat(257)]) {
        const said = await scene().vault.patch(path, { custom_metadata: { k: value } });
        expect(said.status).toBe(400);
        expect(said.body?.errors?.[0]).toContain('custom_metadata validation failed');
      }
      expect((await scene().vault.patch(path, { custom_metadata: { k: '' } })).status).toBe(400);
    });

    it('says 404 to a PATCH where there is no metadata', async () => {
      const said = await scene().vault.patch(`${scene().kv}/metadata/${scene().fresh()}`, {
        custom_metadata: { k: 'v' },
      });
      expect(said.status).toBe(404);
    });

    it('may stand before the first version, which is then still read as never and written with cas 0', async () => {
      const path = scene().fresh();
      await scene().vault.put(`${scene().kv}/metadata/${path}`, { custom_metadata: { k: 'v' } });
      expect(await scene().read(path)).toMatchObject(NEVER);
      expect((await scene().write(path, 0, {})).status).toBe(200);
    });

    it('demands a cas where it says so', async () => {
      const path = await scene().written();
      await scene().vault.post(`${scene().kv}/metadata/${path}`, { cas_required: true });
      expect(await scene().write(path, undefined, {})).toMatchObject({
        status: 400,
        body: { errors: ['check-and-set parameter required for this call'] },
      });
      expect((await scene().write(path, 1, {})).status).toBe(200);
    });

    it('lists names and folders, and 404 with no errors where nothing is', async () => {
      const folder = scene().fresh();
      await scene().write(`${folder}/one`, 0, {});
      await scene().write(`${folder}/sub/two`, 0, {});
      const said = await scene().vault.get(`${scene().kv}/metadata/${folder}?list=true`);
      expect(said.body?.data).toEqual({ keys: ['one', 'sub/'] });
      expect(await scene().vault.get(`${scene().kv}/metadata/${scene().fresh()}?list=true`)).toMatchObject(NEVER);
    });
  });

  describe('delete_version_after', () => {
    it('of a path puts a future deletion_time into the answers, while the secret can be read', async () => {
      const path = scene().fresh();
      await scene().vault.put(`${scene().kv}/metadata/${path}`, { delete_version_after: '1h30m' });
      expect((await scene().vault.get(`${scene().kv}/metadata/${path}`)).body?.data).toMatchObject({
        delete_version_after: '1h30m0s',
      });
      const said = await scene().write(path, 0, { a: 'b' });
      expect(lifetimeMs(said.body?.data ?? {})).toBe(90 * 60_000);
      const got = await scene().read(path);
      expect(got.status).toBe(200);
      expect(metadataOf(got)['deletion_time']).toBe(said.body?.data?.['deletion_time']);
    });

    it('is added to the time of creation to the nanosecond, as no deletion by a person is', async () => {
      const path = scene().fresh();
      await scene().vault.put(`${scene().kv}/metadata/${path}`, { delete_version_after: '1h' });
      const metadata = (await scene().write(path, 0, { a: 'b' })).body?.data ?? {};
      const finer = (time: unknown) => /\.(\d+)Z$/.exec(String(time))?.[1];
      expect(finer(metadata['deletion_time'])).toBe(finer(metadata['created_time']));
    });

    it('of a mount holds for all its paths, and the shorter one wins', async () => {
      const path = scene().fresh();
      await scene().vault.put(`${scene().kv}/metadata/${path}`, { delete_version_after: '10m' });
      expect((await scene().vault.post(`${scene().kv}/config`, { delete_version_after: '1h' })).status).toBe(204);
      try {
        expect((await scene().vault.get(`${scene().kv}/config`)).body?.data).toMatchObject({
          delete_version_after: '1h0m0s',
        });
        expect(lifetimeMs((await scene().write(scene().fresh(), 0, {})).body?.data ?? {})).toBe(3_600_000);
        expect(lifetimeMs((await scene().write(path, 0, {})).body?.data ?? {})).toBe(600_000);
      } finally {
        await scene().vault.post(`${scene().kv}/config`, { delete_version_after: '0s' });
      }
      expect((await scene().write(scene().fresh(), 0, {})).body?.data).toMatchObject({ deletion_time: '' });
    });

    it('makes the version unreadable when its time has come, and the next write compares with it', async () => {
      const path = scene().fresh();
      await scene().vault.put(`${scene().kv}/metadata/${path}`, { delete_version_after: '1s' });
      const end = (await scene().write(path, 0, { a: 'b' })).body?.data?.['deletion_time'];
      const said = await until(
        () => scene().read(path),
        (one) => one.status === 404,
      );
      expect(metadataOf(said)).toMatchObject({ version: 1, destroyed: false, deletion_time: end });
      expect(await scene().write(path, 0, {})).toMatchObject(CONFLICT);
      expect((await scene().write(path, 1, {})).status).toBe(200);
    });
  });
}

function lifetimeMs(version: Readonly<Record<string, unknown>>): number {
  return Date.parse(String(version['deletion_time'])) - Date.parse(String(version['created_time']));
}
