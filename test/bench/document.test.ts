import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Result, readResults, withTables } from '../../bench/support/results.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const document = await readFile(join(ROOT, 'docs', 'PERFORMANCE.md'), 'utf8');
const result: Result = {
  figure: 'calls',
  title: 'Calls',
  at: '2026-03-01T12:00:00.000Z',
  rounds: 3,
  rekeyd: '1.2.3',
  node: 'v24.0.0',
  machine: { cpu: 'CPU', cores: 2, memory_gb: 8, linux: '6.1' },
  measures: [{ what: 'reads', values: [3, 3, 4], unit: 'calls', aim: { atMost: 3 } }],
  remarks: ['Quiet.'],
};

test('a table takes the place of the one before it, and nothing else changes', () => {
  const before = 'a\n<!-- table: calls -->\nold\n<!-- end -->\nb\n';
  const after = withTables(before, new Map([['calls', result]]));
  expect(after).toContain(
    '2026-03-01, 3 rounds; rekeyd 1.2.3, Node.js v24.0.0, 2 cores (CPU), 8 GB, Linux 6.1:\n\n| measured | median |',
  );
  expect(after).toContain('| reads | 3 calls | 3 – 4 calls | ≤ 3 calls | met |\n\n- Quiet.\n');
  expect(after).not.toContain('old');
  expect(after).toMatch(/^a\n[\s\S]*<!-- end -->\nb\n$/);
  expect(withTables(after, new Map([['calls', result]]))).toBe(after);
});

test('a place for a figure that was never measured is a mistake', () => {
  expect(() => withTables('<!-- table: speed -->\n<!-- end -->', new Map())).toThrow('no figure speed');
});

const results = await readResults(join(ROOT, 'bench', 'results'));

test('the performance document shows what stands in bench/results', () => {
  expect(withTables(document, results)).toBe(document);
});

test.each([...results.keys()])('the performance document has a place for the figure %s', (figure) => {
  expect(document).toContain(`<!-- table: ${figure} -->`);
});
