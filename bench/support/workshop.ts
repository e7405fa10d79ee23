import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './figure.ts';
import { Servers } from './servers.ts';

/** What one figure uses; everything it started and wrote is gone at its end. */
export async function inWorkshop<T>(
  settings: Pick<Bench, 'isLight' | 'rounds' | 'program' | 'compiled' | 'say'>,
  use: (bench: Bench) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'rekeyd-bench-'));
  const started: Servers[] = [];
  const bench: Bench = {
    ...settings,
    dir: async (name) => {
      const dir = join(root, name);
      await mkdir(dir, { recursive: true });
      return dir;
    },
    servers: async () => {
      const servers = await Servers.start();
      started.push(servers);
      return servers;
    },
  };
  try {
    return await use(bench);
  } finally {
    for (const servers of started) await servers.close();
    await rm(root, { recursive: true, force: true });
  }
}
