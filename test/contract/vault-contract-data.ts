import { describe, expect, it } from 'vitest';
import { A_TIME, CONFLICT, NEVER, type VaultScene } from './vault-scene.ts';

/** Reading, writing and merging data, and what KV v1 does instead. */
export function dataContract(scene: () => VaultScene): void {
  describe('KV v2 data', () => {
    it('says 404 with exactly an empty list of errors of a path that never was', async () => {
      expect(await scene().read(scene().fresh())).toMatchObject(NEVER);
      expect(Object.keys((await scene().read(scene().fresh())).body ?? {})).toEqual(['errors']);
    });

    it('takes the first version with cas 0 and tells its version and time', async () => {
      const said = await scene().write(scene().fresh(), 0, { a: 'b' });
      expect(said.status).toBe(200);
      expect(said.body?.data).toEqual({
        created_time: A_TIME,
        custom_metadata: null,
        deletion_time: '',
        destroyed: false,
        version: 1,
      });
    });

    it('returns what was written, with the same metadata', async () => {
      const path = scene().fresh();
      const said = await scene().write(path, 0, { a: 'b', n: 7, list: [1, { x: null }], ö: '😀' });
      const got = await scene().read(path);
      expect(got.status).toBe(200);
      expect(got.body?.data).toEqual({
        data: { a: 'b', n: 7, list: [1, { x: null }], ö: '😀' },
        metadata: said.body?.data,
      });
    });

    it('rounds a number beyond double precision by itself, so that reading and writing it back changes nothing', async () => {
      const path = scene().fresh();
      await scene().vault.put(`${scene().kv}/data/${path}`, '{"data":{"big":12345678901234567890,"one":1.0,"e":1e3}}');
      expect((await scene().read(path)).body?.data?.['data']).toEqual({ big: 12345678901234567000, one: 1, e: 1000 });
    });

    it('refuses cas 0 on a path that has a version', async () => {
      const path = await scene().written();
      expect(await scene().write(path, 0, { c: 'd' })).toMatchObject(CONFLICT);
    });

    it('refuses a cas behind or ahead of the newest version, and changes nothing', async () => {
      const path = await scene().written();
      await scene().write(path, 1, { a: 'c' });
      for (const cas of [1, 3]) {
        expect(await scene().write(path, cas, { a: 'x' })).toMatchObject(CONFLICT);
      }
      expect((await scene().read(path)).body?.data).toMatchObject({ data: { a: 'c' }, metadata: { version: 2 } });
    });

    it('lets exactly one of many writers with the same cas win', async () => {
      const path = await scene().written();
      const said = await Promise.all(Array.from({ length: 8 }, (_, index) => scene().write(path, 1, { index })));
      expect(said.filter((one) => one.status === 200)).toHaveLength(1);
      expect(said.filter((one) => one.status === 400)).toHaveLength(7);
    });

    it('takes a write without cas where none is required', async () => {
      const path = await scene().written();
      expect((await scene().write(path, undefined, {})).body?.data).toMatchObject({ version: 2 });
    });

    it('refuses a write without data, and one whose data is no map', async () => {
      const path = `${scene().kv}/data/${scene().fresh()}`;
      expect(await scene().vault.put(path, {})).toMatchObject({ status: 400, body: { errors: ['no data provided'] } });
      expect((await scene().vault.put(path, { data: 'text' })).status).toBe(400);
    });

    it('reads an older version by its number, and 404 with no errors for one that is not there', async () => {
      const path = await scene().written({ v: 1 });
      await scene().write(path, 1, { v: 2 });
      expect((await scene().read(path, '?version=1')).body?.data).toMatchObject({
        data: { v: 1 },
        metadata: { version: 1 },
      });
      expect(await scene().read(path, '?version=9')).toMatchObject(NEVER);
    });

    it('keeps ten versions', async () => {
      const path = await scene().written({ v: 1 });
      for (let version = 1; version < 11; version++) await scene().write(path, version, { v: version + 1 });
      expect(await scene().read(path, '?version=1')).toMatchObject(NEVER);
      expect((await scene().read(path, '?version=2')).status).toBe(200);
      expect((await scene().vault.get(`${scene().kv}/metadata/${path}`)).body?.data).toMatchObject({
        current_version: 11,
        oldest_version: 2,
      });
    });

    it('dates every answer', async () => {
      expect(Date.parse((await scene().read(scene().fresh())).headers.get('date') ?? '')).toBeGreaterThan(0);
    });
  });

  describe('KV v2 merge-PATCH', () => {
    it('merges into the newest version, and null removes', async () => {
      const path = await scene().written({ keep: 1, change: 1, drop: 1 });
      const said = await scene().vault.patch(`${scene().kv}/data/${path}`, {
        options: { cas: 1 },
        data: { change: 2, drop: null },
      });
      expect(said).toMatchObject({ status: 200, body: { data: { version: 2 } } });
      expect((await scene().read(path)).body?.data?.['data']).toEqual({ keep: 1, change: 2 });
    });

    it('compares like a write', async () => {
      const path = await scene().written();
      const said = await scene().vault.patch(`${scene().kv}/data/${path}`, { options: { cas: 0 }, data: { a: 'c' } });
      expect(said).toMatchObject(CONFLICT);
    });

    it('says 404 of a path that never was or whose newest version is deleted', async () => {
      expect((await scene().vault.patch(`${scene().kv}/data/${scene().fresh()}`, { data: {} })).status).toBe(404);
      const path = await scene().written();
      await scene().vault.delete(`${scene().kv}/data/${path}`);
      expect((await scene().vault.patch(`${scene().kv}/data/${path}`, { data: {} })).status).toBe(404);
    });

    it('needs its own content type', async () => {
      const said = await scene().vault.ask(
        'PATCH',
        `${scene().kv}/data/${await scene().written()}`,
        { data: {} },
        { 'content-type': 'text/plain' },
      );
      expect(said.status).toBe(415);
    });
  });

  describe('KV v1', () => {
    it('says of data/ paths the very same 404 as a path of KV v2 that never was', async () => {
      expect(await scene().vault.get(`${scene().kv1}/data/x`)).toMatchObject(NEVER);
    });

    it('takes every write with 204, whatever its cas', async () => {
      for (const cas of [0, 0, 7]) {
        const said = await scene().vault.put(`${scene().kv1}/data/y`, { options: { cas }, data: {} });
        expect(said).toMatchObject({ status: 204, body: undefined });
      }
    });
  });

  describe('mounts', () => {
    it('tells the kind and version of the mount of a path', async () => {
      const at = async (path: string) => (await scene().vault.get(`sys/internal/ui/mounts/${path}`)).body?.data;
      expect(await at(`${scene().kv}/data/a`)).toMatchObject({
        type: 'kv',
        options: { version: '2' },
        path: `${scene().kv}/`,
      });
      expect(await at(`${scene().kv1}/data/a`)).toMatchObject({ type: 'kv', options: { version: '1' } });
    });

    it('says 403 of a mount that is not there, even to root', async () => {
      expect((await scene().vault.get('sys/internal/ui/mounts/nowhere/data/a')).status).toBe(403);
    });

    it('has no handler where nothing is mounted', async () => {
      const said = await scene().vault.get('nowhere/data/a');
      expect(said.status).toBe(404);
      expect(said.body?.errors?.[0]).toContain('no handler for route');
    });
  });
}
