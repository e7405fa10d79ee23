import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CONDITIONS } from '../src/rotation/conditions.ts';
import { EVENT_LEVELS } from '../src/rotation/events.ts';
import { NOTICES } from '../src/rotation/notices.ts';
import { REFUSALS } from '../src/rotation/refusals.ts';
import { WITHHOLDINGS } from '../src/rotation/revocation.ts';
import { Metrics } from '../src/telemetry/metrics.ts';
import { boardOf, NOW, outcomeOf, troubleOf } from './telemetry/views.ts';

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

/** The text of everything in these parts of `src`. */
function sourceOf(...parts: readonly string[]): string {
  const cwd = new URL('../src/', import.meta.url).pathname;
  const files = parts.flatMap((part) => globSync(part.endsWith('.ts') ? part : `${part}/**/*.ts`, { cwd }));
  expect(files.length).toBeGreaterThanOrEqual(parts.length);
  return files.map((file) => read(`src/${file}`)).join('\n');
}

const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name ?? '');

/** The rows of all tables below this heading: what stands in the cells, without their bars. */
function rowsOf(file: string, heading: string): string[][] {
  const [, rest = ''] = read(file).split(`\n${heading}\n`);
  const depth = heading.indexOf(' ');
  const section = rest.split(new RegExp(`^#{1,${depth}} `, 'm'))[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const namesIn = (cell = ''): string[] => found(cell, /`([a-z0-9_.-]+)`/g);
const codesIn = (heading: string): string[] =>
  rowsOf('docs/RUNBOOK.md', heading)
    .flatMap(([first]) => namesIn(first))
    .toSorted();
const codesOf = (table: readonly { readonly code: string }[]): string[] => table.map(({ code }) => code).toSorted();

test('the runbook has a row for every refusal and every condition, and none besides', () => {
  expect(codesIn('## Refusals')).toEqual(codesOf(REFUSALS));
  expect(codesIn('## Blocked')).toEqual(codesOf(CONDITIONS));
});

test('the runbook has a row for every notice and every withheld revocation', () => {
  const besides = ['read-back-differs', 'revocation-failed', 'unread-lately', 'used-lately'];
  expect(codesIn('## Notices')).toEqual([...codesOf([...NOTICES, ...WITHHOLDINGS]), ...besides].toSorted());
});

test('the runbook has a row for every other code that an application can be in trouble with, and none besides', () => {
  const source = sourceOf('rotation', 'transport', 'vault', 'issuers', 'verifiers', 'scheduler', 'parts.ts');
  const prefixes = found(source, /\bprefix: '([a-z0-9]+)'/g);
  const suffixes = [...found(source, /\bsuffix: '([a-z-]+)'/g), ...found(source, /prefix\}-([a-z-]+)`/g)];
  expect(prefixes.toSorted()).toEqual(['issuer', 's3', 'vault']);
  expect(suffixes.length).toBeGreaterThan(5);
  const common = prefixes.flatMap((prefix) => suffixes.map((suffix) => `${prefix}-${suffix}`));
  const codes = new Set([...common, ...found(source, /\bcode: '([a-z0-9-]+)'/g)]);
  for (const heading of ['## Refusals', '## Blocked', '## Notices']) {
    for (const code of codesIn(heading)) expect(codes.delete(code), code).toBe(true);
  }
  expect(codesIn('## Failing')).toEqual([...codes].toSorted());
});

test('the runbook has a row for every warning of the policy', () => {
  const codes = found(sourceOf('policy'), /\bcode: '([a-z0-9-]+)'/g).filter((code) => code !== 'custom');
  expect(codesIn('## Warnings of the policy')).toEqual(codes.toSorted());
});

/** Metrics in which every label has been used. */
async function everyMetric(): Promise<string> {
  const board = boardOf(['billing']);
  board.record(outcomeOf('billing', { trouble: troubleOf('refused', 'edited') }), NOW);
  const metrics = new Metrics({
    board,
    now: () => NOW,
    issuers: new Map([['sto1', { limits: { concurrency: 1, perSecond: 1, credentials: 9 } }]]),
    circuits: () => [{ server: 'Vault', code: 'x', isOpen: true, lastFailure: undefined, onOpen() {}, onClose() {} }],
    effectiveResyncMs: () => 1,
    version: '1',
  });
  metrics.noteListed('sto1', { ours: 1, unclaimed: 1, foreign: 1 });
  metrics.follow({ event: 'credential.issued', application: 'billing', step: 'issue', durationMs: 1 });
  return metrics.render();
}

test('every metric is described with its type and its labels, and none besides', async () => {
  const text = await everyMetric();
  const described = rowsOf('docs/OBSERVING.md', '## Metrics').map(([name, type, labels]) => [
    ...namesIn(name),
    type,
    ...namesIn(labels).toSorted(),
  ]);
  const real = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => {
    const [sample = ''] = text.match(new RegExp(`^${name}(_count)?[{ ].*$`, 'm')) ?? [];
    expect(sample, name).not.toBe('');
    return [name, type, ...found(sample, /[{,](\w+)="/g).toSorted()];
  });
  expect(described.toSorted()).toEqual(real.toSorted());
});

test('every event of an application is described with its level, and none besides', () => {
  const described = rowsOf('docs/OBSERVING.md', '### Of one application').map(([name, level]) => [
    ...namesIn(name),
    level,
  ]);
  expect(described.toSorted()).toEqual(Object.entries(EVENT_LEVELS).toSorted());
});

test('every other event that is logged is described, and none besides', () => {
  const source = sourceOf('telemetry', 'http', 'scheduler', 'commands', 'sandbox', 'daemon.ts');
  const own = new Set(found(source, /(?:\bevent: |logProblem\(\w+, |remark\()'([a-z_.]+)'/g));
  for (const name of Object.keys(EVENT_LEVELS)) own.delete(name);
  const described = rowsOf('docs/OBSERVING.md', '### Of the process').flatMap(([name]) => namesIn(name));
  expect(described.toSorted()).toEqual([...own].toSorted());
});

const PAGES = ['README.md', 'CHANGELOG.md', ...globSync('{docs,docs/decisions,deploy/*}/*.md')];

test.each(PAGES)('every file that %s links to is there', (file) => {
  const links = [...read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? '');
  for (const link of links.filter((one) => !one.startsWith('http'))) {
    const { pathname } = new URL(link, `file:///${file}`);
    expect(existsSync(new URL(`..${pathname}`, import.meta.url)), link).toBe(true);
  }
});
