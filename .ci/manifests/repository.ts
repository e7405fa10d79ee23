import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file or folder of the repository. */
export function inRepository(...path: readonly string[]): string {
  return join(import.meta.dirname, '..', '..', ...path);
}

export function textOf(...path: readonly string[]): string {
  return readFileSync(inRepository(...path), 'utf8');
}

/** What a program that must succeed wrote; throws with everything that it said where it fails. */
export function outputOf(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
}

/** What a program said that may fail. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program that may fail. */
export function said(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Said {
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8', timeout: 120_000 });
  if (error) throw error;
  return { code: status, out: stdout, err: stderr };
}

/** Throws with what it said unless a program ends well and says nothing. */
export function mustBeSilent(command: string, args: readonly string[]): void {
  const { code, out, err } = said(command, args);
  if (code !== 0 || out + err !== '') throw new Error(`exit code ${code}:\n${out}${err}`);
}

/** A file that stands elsewhere. */
export function readText(file: string): string {
  return readFileSync(file, 'utf8');
}
