import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** A file or folder of this repository, named from its root. */
export const fileOf = (...path: readonly string[]): string => join(ROOT, ...path);

/** What is written in a file of this repository. */
export const textOf = (...path: readonly string[]): string => readFileSync(fileOf(...path), 'utf8');
