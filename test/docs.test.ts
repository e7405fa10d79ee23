import { existsSync, globSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OBJECTIONS } from '../src/rotation/amendment.ts';
import { VETOES } from '../src/rotation/by-hand.ts';
import { CONDITIONS } from '../src/rotation/conditions.ts';
import { EVENT_LEVELS } from '../src/rotation/events.ts';
import { NOTICES } from '../src/rotation/notices.ts';
import { REFUSALS } from '../src/rotation/refusals.ts';
import { WITHHOLDINGS } from '../src/rotation/revocation.ts';
import { found, namesIn, rowsOf, sectionOf, textOf } from './support/markdown.ts';

/** The text of everything in these parts of `src`. */
function sourceOf(...parts: readonly string[]): string {
  const cwd = new URL('../src/', import.meta.url).pathname;
  const files = parts.flatMap((part) => globSync(part.endsWith('.ts') ? part : `${part}/**/*.ts`, { cwd }));
  expect(files.length).toBeGreaterThanOrEqual(parts.length);
  return files.map((file) => textOf(`src/${file}`)).join('\n');
}

const codesIn = (heading: string): string[] =>
  rowsOf('docs/RUNBOOK.md', heading)
    .flatMap(([first]) => namesIn(first))
    .toSorted();
const codesOf = (table: readonly { readonly code: string }[]): string[] => table.map(({ code }) => code).toSorted();

test('the runbook has a row for every refusal, condition and objection, and none besides', () => {
  expect(codesIn('## Refusals')).toEqual(codesOf(REFUSALS));
  expect(codesIn('## Blocked')).toEqual(codesOf(CONDITIONS));
  expect(codesIn('## What was asked for and not done')).toEqual(
    codesOf([...OBJECTIONS, ...VETOES, { code: 'on-hold' }]),
  );
});

test('the runbook has a row for every notice and every withheld revocation', () => {
  const besides = ['read-back-differs', 'revocation-failed', 'unread-lately', 'used-lately'];
  expect(codesIn('## Notices')).toEqual([...codesOf([...NOTICES, ...WITHHOLDINGS]), ...besides].toSorted());
});

const OTHER_TABLES = [
  '## Refusals',
  '## Blocked',
  '## Notices',
  '## What was asked for and not done',
  '## Shown besides',
  '## The policy was refused',
  '## Answers of the HTTP API',
];

/** Everything but the policy, whose warnings have a table of their own. */
const PARTS = readdirSync(new URL('../src/', import.meta.url)).filter(
  (part) => part !== 'policy' && part !== 'sandbox',
);

test('the runbook has a row for every error code in the source, and none besides', () => {
  const source = sourceOf(...PARTS);
  const prefixes = found(source, /\bprefix: '([a-z0-9]+)'/g);
  const suffixes = [...found(source, /\bsuffix: '([a-z-]+)'/g), ...found(source, /prefix\}-([a-z-]+)`/g)];
  expect(prefixes.toSorted()).toEqual(['issuer', 's3', 'vault']);
  expect(suffixes.length).toBeGreaterThan(5);
  const common = prefixes.flatMap((prefix) => suffixes.map((suffix) => `${prefix}-${suffix}`));
  const codes = new Set([...common, ...found(source, /\bcode: '([a-z0-9-]+)'/g)]);
  for (const heading of OTHER_TABLES) {
    for (const code of codesIn(heading)) expect(codes.delete(code), code).toBe(true);
  }
  expect(codesIn('## Failing')).toEqual([...codes].toSorted());
});

test('the runbook has a row for every warning of the policy', () => {
  const codes = found(sourceOf('policy'), /\bcode: '([a-z0-9-]+)'/g).filter((code) => code !== 'custom');
  expect(codesIn('## Warnings of the policy')).toEqual(codes.toSorted());
});

test('every event of an application is described with its level, and none besides', () => {
  const described = rowsOf('docs/OBSERVING.md', '### Of one application').map(([name, level]) => [
    ...namesIn(name),
    level,
  ]);
  expect(described.toSorted()).toEqual(Object.entries(EVENT_LEVELS).toSorted());
});

test('every other event that is logged is described, and none besides', () => {
  const source = sourceOf('telemetry', 'http', 'scheduler', 'commands', 'sandbox', 'daemon.ts', 'daemon');
  const own = new Set(found(source, /(?:\bevent: |logProblem\(\w+, |remark\()'([a-z_.]+)'/g));
  for (const name of Object.keys(EVENT_LEVELS)) own.delete(name);
  const described = rowsOf('docs/OBSERVING.md', '### Of the process').flatMap(([name]) => namesIn(name));
  expect(described.toSorted()).toEqual([...own].toSorted());
});

/** Types, and a table that is looked up by name alone, have nothing that a mutant could change. */
const CODE = /^(?:export )?(?:async )?(?:function|class) /m;

test('every file of the heart that has code has its row among the mutants, and no other', () => {
  const files = globSync('src/rotation/*.ts').filter((file) => CODE.test(textOf(file)));
  expect(files.length).toBeGreaterThan(30);
  const rows = found(sectionOf('docs/MUTATION.md', '## Measured'), /^\| (src\/rotation\/\S+) \|/gm);
  expect(rows.toSorted()).toEqual(files.toSorted());
});

const PAGES = ['README.md', 'CHANGELOG.md', ...globSync('{docs,docs/decisions,deploy/*}/*.md')];

test.each(PAGES)('every file that %s links to is there', (file) => {
  const links = [...textOf(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? '');
  for (const link of links.filter((one) => !one.startsWith('http'))) {
    const { pathname } = new URL(link, `file:///${file}`);
    expect(existsSync(new URL(`..${pathname}`, import.meta.url)), link).toBe(true);
  }
});
