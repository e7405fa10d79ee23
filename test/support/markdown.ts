import { readFileSync } from 'node:fs';

/** A file of the repository. */
export const textOf = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

/** What stands below this heading, up to the next one of its depth or above. */
export function sectionOf(file: string, heading: string): string {
  const [, rest = ''] = textOf(file).split(`\n${heading}\n`);
  const depth = heading.indexOf(' ');
  return rest.split(new RegExp(`^#{1,${depth}} `, 'm'))[0] ?? '';
}

/** The rows of all tables below this heading: what stands in the cells, without their bars. */
export function rowsOf(file: string, heading: string): string[][] {
  const lines = sectionOf(file, heading)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What this pattern's first group finds, wherever it does. */
export const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name]) => name ?? '');

/** The names that a cell has in backticks. */
export const namesIn = (cell = ''): string[] => found(cell, /`([a-zA-Z0-9_.-]+)`/g);
