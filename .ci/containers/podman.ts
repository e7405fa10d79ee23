import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { outputOf } from '../programs.ts';

/** What is started here is called so, or has a name that begins with it: not the name of anything of somebody else. */
export const PROJECT = 'rekeyd-ci';
/** Where rekeyd answers on this machine: one at a time. */
export const PORT = '18080';
export const IMAGES = {
  node: 'docker.io/library/node:24-bookworm-slim',
  vault: 'docker.io/hashicorp/vault:1.21',
  rekeyd: 'localhost/rekeyd',
  consumer: 'localhost/rekeyd-consumer',
} as const;

/** Images are fetched and built, and rotations waited for. */
export const PATIENT = { timeoutMs: 600_000 };

export const podman = (...args: string[]): string => outputOf('podman', args, PATIENT).trim();

/** One fact of an image or a container, as `podman inspect` has it. */
export const inspect = (name: string, format: string): string => podman('inspect', '--format', format, name);

/** A name that nobody else has. */
export const uniqueName = (part: string): string => `${PROJECT}-${part}-${randomBytes(4).toString('hex')}`;

/** How each kind of thing is asked for, those first that others are in the way of. */
const KINDS = { pod: [], container: ['--all'], volume: [], network: [] };

/**
 * Takes away everything that has been started here, by whichever run: two at a time on one machine would end each other.
 * They cannot be anyway, for there is one compose project, and one port for it.
 */
export function removeAll(): void {
  for (const [kind, all] of Object.entries(KINDS)) {
    const found = podman(kind, 'ls', '--quiet', ...all, '--filter', `name=^(pod_)?${PROJECT}`);
    if (found !== '') podman(kind, 'rm', '--force', '--time', '0', ...found.split('\n'));
  }
}

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
