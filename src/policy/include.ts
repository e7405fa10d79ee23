import { type PolicyDocument, readDocument } from './document.ts';
import { matching, matchingFiles } from './matching.ts';
import type { PolicyWarning } from './policy.ts';
import type { PolicySources } from './sources.ts';

/**
 * The files that a policy includes, each once, read one after another. What cannot be read is noted in the policy
 * file; a pattern that matches nothing is a warning, a plain name that does is a mistake.
 */
export async function* includedFiles(
  main: PolicyDocument,
  warnings: PolicyWarning[],
  sources: PolicySources,
): AsyncGenerator<PolicyDocument> {
  const patterns = patternsOf(main);
  sources.includes(patterns);
  for (const pattern of patterns) {
    if ((await matching(main.file, pattern)).length === 0) warnings.push(nothingFound(pattern));
  }
  for await (const { file, index } of matchingFiles(main.file, patterns)) {
    const document = await readOne(main, file, index, sources);
    if (document) yield document;
  }
}

function patternsOf(main: PolicyDocument): string[] {
  const include = (main.content as { readonly include?: string[] } | null)?.include;
  return include !== undefined && main.isSound('include') ? include : [];
}

async function readOne(
  main: PolicyDocument,
  file: string,
  index: number,
  sources: PolicySources,
): Promise<PolicyDocument | undefined> {
  try {
    return await readDocument(file, sources);
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
