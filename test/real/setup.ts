import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureServers } from './servers/build.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program of HashiCorp Vault. */
    vaultProgram: string;
    /** The program of VersityGW. */
    versitygwProgram: string;
    /** The compiled rekeyd, `main.js`. */
    rekeydProgram: string;
  }
}

const ROOT = join(import.meta.dirname, '..', '..');

/** Builds what the tests run: both servers (cached) and rekeyd itself. Any failure fails the run. */
export async function setup(project: TestProject): Promise<() => void> {
  const { vault, versitygw } = await ensureServers((line) => process.stdout.write(`${line}\n`));
  project.provide('vaultProgram', vault);
  project.provide('versitygwProgram', versitygw);
  const folder = compile();
  project.provide('rekeydProgram', join(folder, 'main.js'));
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Into a folder of this run's own: nobody who builds meanwhile takes the program away from a running daemon. */
function compile(): string {
  const folder = mkdtempSync(join(ROOT, '.build-'));
  const args = ['tsc', '-p', 'tsconfig.build.json', '--outDir', folder];
  const { status } = spawnSync('npx', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error('rekeyd does not compile, and the tests run what is compiled');
  return folder;
}
