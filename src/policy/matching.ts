import { glob } from 'node:fs/promises';
import { dirname, join, normalize, resolve } from 'node:path';

/** Of the pattern with that position in the list. */
export interface MatchingFile {
  readonly file: string;
  readonly index: number;
}

/** The files that a policy file's patterns mean, each once, the policy file itself never. */
export async function* matchingFiles(main: string, patterns: readonly string[]): AsyncGenerator<MatchingFile> {
  const seen = new Set([resolve(main)]);
  for (const [index, pattern] of patterns.entries()) {
    for (const file of await matching(main, pattern)) {
      if (seen.has(resolve(file))) continue;
      seen.add(resolve(file));
      yield { file, index };
    }
  }
}

/** Names as a person would write them from where rekeyd was started, in order. */
export async function matching(main: string, pattern: string): Promise<string[]> {
  if (!/[*?[\]{}!()]/.test(pattern)) return [beside(main, pattern)];
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd: dirname(main) })) files.push(beside(main, file));
  return files.sort();
}

function beside(main: string, file: string): string {
  return file.startsWith('/') ? normalize(file) : join(dirname(main), file);
}
