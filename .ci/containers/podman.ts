import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const repository = join(import.meta.dirname, '..', '..');
export const IMAGES = {
  node: 'docker.io/library/node:24-bookworm-slim',
  vault: 'docker.io/hashicorp/vault:1.21',
  rekeyd: 'localhost/rekeyd',
  consumer: 'localhost/rekeyd-consumer',
} as const;

/** What a command wrote to standard output. Throws with the end of all that it said when it fails, or takes too long. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const options = { cwd: repository, encoding: 'utf8', stdio, timeout: 600_000, maxBuffer: 1 << 26 } as const;
  try {
    return execFileSync(command, args, { ...options, env: { ...process.env, ...env } }).trim();
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args[0]} failed:\n${`${stdout}${stderr}`.trim().split('\n').slice(-20).join('\n')}`);
  }
}

export const podman = (...args: string[]): string => run('podman', args);

/** One fact of an image or a container, as `podman inspect` has it. */
export const inspect = (name: string, format: string): string => podman('inspect', '--format', format, name);

/** A name that nobody else has. */
export const uniqueName = (part: string): string => `rekeyd-ci-${part}-${randomBytes(4).toString('hex')}`;

/** Asks again and again until there is an answer; rejects after so many ms. */
export async function until<T>(what: string, ms: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${ms / 1000} s for ${what}`);
    await sleep(20);
  }
}

export function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
