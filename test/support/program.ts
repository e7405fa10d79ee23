import { join } from 'node:path';
import type { RunningProcess } from './running-process.ts';
import type { Scene } from './scene.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Starts rekeyd from its sources as a process of its own. */
export function startProgram(
  scene: Scene,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningProcess {
  const name = `rekeyd-${args[0] ?? ''}`;
  return scene.start({
    name,
    command: process.execPath,
    args: [MAIN, ...args],
    env: { NODE_NO_WARNINGS: '1', ...env },
  });
}

/** Runs it to its end. */
export async function runProgram(
  scene: Scene,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const program = startProgram(scene, args, env);
  const { code } = await program.exited;
  return { code, output: program.output() };
}
