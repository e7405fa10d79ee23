import { spawnSync } from 'node:child_process';
import type { TestProject } from 'vitest/node';
import { ensureServers } from './servers/build.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program of HashiCorp Vault. */
    vaultProgram: string;
    /** The program of VersityGW. */
    versitygwProgram: string;
  }
}

/** Builds what the tests run: both servers (cached) and rekeyd itself. Any failure fails the run. */
export async function setup(project: TestProject): Promise<void> {
  const { vault, versitygw } = await ensureServers((line) => process.stdout.write(`${line}\n`));
  project.provide('vaultProgram', vault);
  project.provide('versitygwProgram', versitygw);
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error('npm run build failed: the tests run what it builds');
}
