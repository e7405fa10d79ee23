import { globSync } from 'node:fs';
import { z } from 'zod';
import type { LockedPackage } from './lock-file.ts';
import { fileOf, textOf } from './repository.ts';

/** What a package says of its licence in its own folder. */
export interface LicenceText {
  /** The lines that name who holds the copyright; the package's author where it brings no text. */
  readonly holders: readonly string[];
  /** The texts without those lines, as they were written; none where the package brings none. */
  readonly terms: readonly string[];
}

const FILES = '{LICENSE,LICENCE,License,Licence,license,licence,COPYING,NOTICE,Notice,notice}*';
const HOLDER = /^\W*copyright\s*(\(c\)|©|\d{4})/i;
const manifest = z.looseObject({
  author: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
});

export function licenceTextOf({ folder }: LockedPackage): LicenceText {
  const files = globSync(`${folder}/${FILES}`, { cwd: fileOf() }).toSorted();
  const lines = files.map((file) => textOf(file).split(/\r?\n/));
  const holders = lines.flat().filter((line) => HOLDER.test(line));
  const terms = lines.map((text) => text.filter((line) => !HOLDER.test(line)).join('\n'));
  if (files.length > 0) return { holders: holders.map((line) => line.replace(/^[^\w(©]+/, '').trim()), terms };
  const { author = '' } = manifest.parse(JSON.parse(textOf(folder, 'package.json')));
  return { holders: [author], terms };
}

/** Texts that differ only in their title, their quotes and how their lines are broken say the same. */
export function sameTerms(text: string): string {
  const titles = /^\W*(the )?(mit|isc|bsd 3-clause)( licen[cs]e)?\W*(\((mit|isc)\))?\W*$/gim;
  return text
    .replace(titles, '')
    .replace(/["'“”‘’]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
