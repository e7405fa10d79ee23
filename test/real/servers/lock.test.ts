import { spawnSync } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLock } from './lock.ts';

describe('the lock around a build', () => {
  let dir: string;
  let file: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rekeyd-lock-'));
    file = join(dir, 'lock');
  });
  afterEach(() => rm(dir, { recursive: true }));
  const ignore = (): void => undefined;

  test('lets one after the other work, and tells who waits for whom', async () => {
    const order: string[] = [];
    const first = Promise.withResolvers<void>();
    const one = withLock(file, ignore, async () => {
      await first.promise;
      order.push('first');
    });
    const told = (pid: number): void => {
      expect(pid).toBe(process.pid);
      order.push('waiting');
      first.resolve();
    };
    await withLock(file, told, async () => order.push('second'));
    await one;
    expect(order).toEqual(['waiting', 'first', 'second']);
  });

  test('is free again after work that failed', async () => {
    await expect(withLock(file, ignore, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(access(file)).rejects.toThrow('ENOENT');
  });

  test('is taken over from a process that is gone', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    await writeFile(file, String(pid));
    expect(await withLock(file, ignore, async () => 'worked')).toBe('worked');
  });
});
