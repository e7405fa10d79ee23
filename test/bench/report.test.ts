import { expect, test } from 'vitest';
import type { Measure } from '../../bench/support/figure.ts';
import { bounded, collapses, tableOf } from '../../bench/support/report.ts';
import { median, quantile } from '../../bench/support/stats.ts';
import { svgOf } from '../../bench/support/svg.ts';
import { callsIn } from '../../bench/support/tally.ts';

const ratio = (values: readonly number[], more: Partial<Measure> = {}): Measure => ({
  what: 'throughput',
  values,
  unit: '×',
  ...more,
});

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[7], 7],
  [[], Number.NaN],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});

test('a quantile is the smallest value that so large a share does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([50, 99, 100]);
});

test('a table shows the median, the spread, the aim and whether it is met', () => {
  const lines = tableOf({ measures: [ratio([0.9, 0.95, 0.85], { aim: { atLeast: 0.9 } })], remarks: ['Quiet.'] });
  expect(lines).toMatch(/throughput.*0\.9 ×.*0\.85 – 0\.95 ×.*≥ 0\.9 ×.*met/);
  expect(lines.endsWith('Quiet.')).toBe(true);
});

test('an aim that the median misses is shown as missed', () => {
  expect(tableOf({ measures: [ratio([0.8, 0.95, 0.7], { aim: { atLeast: 0.9 } })] })).toContain('**not met**');
});

test('what is beyond its bound has collapsed, and nothing else has', () => {
  const measures = [
    ratio([0.2], { bound: { atLeast: 0.3 } }),
    ratio([0.4], { bound: { atLeast: 0.3 } }),
    ratio([0.2], { aim: { atLeast: 0.9 } }),
    ratio([Number.NaN], { what: 'nothing', bound: { atMost: 1 } }),
  ];
  expect(bounded({ measures })).toBe(3);
  expect(collapses({ measures })).toEqual([
    expect.stringContaining('throughput: 0.2 × instead of ≥ 0.3 ×'),
    expect.stringContaining('nothing: NaN'),
  ]);
});

test('a picture has a point for each value, within its frame, and words that cannot break it', () => {
  const svg = svgOf({
    file: 'x',
    title: 'calls < bytes & more',
    x: { label: 'applications', isLogarithmic: true },
    y: { label: 'calls' },
    lines: [{ name: 'reads', points: [100, 1_000, 10_000].map((x) => [x, x / 100] as const) }],
  });
  const at = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
  expect(at).toEqual([
    [76, 303.4],
    [348, 279.8],
    [620, 44],
  ]);
  expect(svg).toContain('calls &lt; bytes &amp; more');
});

test('a tally adds up over all kinds of calls', () => {
  const count = { calls: 2, sent: 0, received: 0 };
  expect(callsIn({ 'vault: read': count, 'issuer: list': { ...count, calls: 1 } })).toBe(3);
});
