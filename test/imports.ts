import { fileURLToPath } from 'node:url';
import { IMPORT_RULES } from './import-rules.ts';
import { cruiseImports } from './support/cruise-imports.ts';

/** `npm run check:imports`: exit code 1 when an import rule is broken, or when nothing could be checked. */
const { modules, violations } = await cruiseImports(fileURLToPath(new URL('..', import.meta.url)));

const meaning = new Map(IMPORT_RULES.map((rule) => [rule.name, rule.comment]));
for (const { rule, from, to } of violations) {
  process.stderr.write(`${from} → ${to}\n  ${rule}: ${meaning.get(rule)}\n`);
}
if (modules === 0) process.stderr.write('no module of src was found: the import rules were not checked\n');
process.stdout.write(`${modules} modules checked, ${violations.length} broken import rules\n`);
process.exitCode = modules > 0 && violations.length === 0 ? 0 : 1;
