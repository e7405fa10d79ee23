import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { licenceTextOf, sameTerms } from './licence-texts.ts';
import { type LockedPackage, productionTree, readLockFile } from './lock-file.ts';
import { fileOf, textOf } from './repository.ts';

/** Permissive licences that ask for no more than a notice. Anything else is a decision that a person has to take. */
export const ALLOWED_LICENCES: ReadonlySet<string> = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'],
]);

/** The packages whose licence is not on the list, with what they say; an expression (`A OR B`) is not on it either. */
export function unknownLicences(packages: readonly LockedPackage[]): string[] {
  return packages
    .filter(({ licence }) => licence === undefined || !ALLOWED_LICENCES.has(licence))
    .map(({ name, version, licence }) => `${name}@${version}: ${licence ?? 'says nothing'}`);
}

/** The distinct terms of all packages, numbered from 1 in the order in which they are first met. */
class Terms {
  readonly #numbers = new Map<string, number>();
  readonly texts: string[] = [];

  numberOf(text: string): number {
    const key = sameTerms(text);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.texts.push(text.trim());
    this.#numbers.set(key, this.texts.length);
    return this.texts.length;
  }
}

/** The number that occurs most often; 0 where there is none. */
function mostFrequent(numbers: readonly number[]): number {
  const counted = [...Map.groupBy(numbers, (number) => number)].map(([number, { length }]) => ({ number, length }));
  return counted.toSorted((a, b) => b.length - a.length)[0]?.number ?? 0;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One row per package. One that brings no text is given the terms that most others with its licence have. */
function rowsOf(packages: readonly LockedPackage[], terms: Terms): string[] {
  const read = packages.map((it) => {
    const { holders, terms: texts } = licenceTextOf(it);
    return { ...it, holders, numbers: texts.map((text) => terms.numberOf(text)) };
  });
  return read.map(({ name, version, licence = '', holders, numbers }) => {
    const alike = read.filter((other) => other.licence === licence).flatMap((other) => other.numbers);
    const links = (numbers.length > 0 ? numbers : [mostFrequent(alike)]).map(
      (number) => `[${number}](#terms-${number})`,
    );
    const named = holders.length > 0 ? cell(holders.join('; ')) : 'as in its terms';
    return `| \`${name}\` | ${version} | ${licence} | ${links.join(', ')} | ${named} |`;
  });
}

/** docs/LICENCES.md, from the lock file and the installed packages' own files. */
export function licencesPage(packages: readonly LockedPackage[]): string {
  const terms = new Terms();
  const rows = rowsOf(packages, terms);
  const found = Map.groupBy(packages, ({ licence }) => licence ?? '');
  const totals = [...found]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([of, { length }]) => `${of} ${length}`);
  return [
    '# Licences of what rekeyd is made of in production',
    '',
    'rekeyd itself is under the [MIT licence](../LICENSE). The container image has these packages in one bundle without',
    'their own files, so this page goes with it: who holds the copyright, and under which terms.',
    '',
    'Made by `npx node .ci/licences.ts` from `package-lock.json` and from what is installed; `npm test` fails where they',
    'disagree. Where a package brings no text of its own, its author and the terms of its licence stand here.',
    '',
    `${packages.length} packages: ${totals.join(', ')}.`,
    '',
    '| package | version | licence | terms | copyright |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    ...terms.texts.flatMap((text, index) => ['', `## Terms ${index + 1}`, '', '~~~text', text, '~~~']),
    '',
  ].join('\n');
}

const LICENCES_PAGE = ['docs', 'LICENCES.md'];

export const writtenLicencesPage = (): string => textOf(...LICENCES_PAGE);

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(fileOf(...LICENCES_PAGE), licencesPage(productionTree(readLockFile())));
}
