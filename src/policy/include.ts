import { glob } from 'node:fs/promises';
import { dirname, join, normalize, resolve } from 'node:path';
import { type PolicyDocument, readDocument } from './document.ts';
import type { PolicyWarning } from './policy.ts';

/**
 * The files that a policy includes, each once, read one after another. What cannot be read is noted in the policy
 * file; a pattern that matches nothing is a warning, a plain name that does is a mistake.
 */
export async function* includedFiles(main: PolicyDocument, warnings: PolicyWarning[]): AsyncGenerator<PolicyDocument> {
  const seen = new Set([resolve(main.file)]);
  for (const [index, pattern] of patternsOf(main).entries()) {
    const files = await matching(main.file, pattern);
    if (files.length === 0) warnings.push(nothingFound(pattern));
    for (const file of files.filter((name) => !seen.has(resolve(name)))) {
      seen.add(resolve(file));
      const document = await readOne(main, file, index);
      if (document) yield document;
    }
  }
}

function patternsOf(main: PolicyDocument): string[] {
  const include = (main.content as { readonly include?: string[] } | null)?.include;
  return include !== undefined && main.isSound('include') ? include : [];
}

/** Names as a person would write them from where rekeyd was started, in order. */
async function matching(main: string, pattern: string): Promise<string[]> {
  if (!/[*?[\]{}!()]/.test(pattern)) return [beside(main, pattern)];
  const files: string[] = [];
  for await (const file of glob(pattern, { cwd: dirname(main) })) files.push(beside(main, file));
  return files.sort();
}

function beside(main: string, file: string): string {
  return file.startsWith('/') ? normalize(file) : join(dirname(main), file);
}

async function readOne(main: PolicyDocument, file: string, index: number): Promise<PolicyDocument | undefined> {
  try {
    return await readDocument(file, file);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read as a file';
    main.report(['include', index], `${file} ${why}; names are relative to the policy file`);
    return undefined;
  }
}

function nothingFound(pattern: string): PolicyWarning {
  const message = `include: no file beside the policy file matches ${JSON.stringify(pattern)}; is it mistyped?`;
  return { code: 'include-empty', message };
}
