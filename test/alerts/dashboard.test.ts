import { expect, test } from 'vitest';
import { found } from '../support/markdown.ts';
import { everyMetric } from '../telemetry/everything.ts';
import { dashboard, expressions, type Panel } from './dashboard.ts';
import { metricsIn } from './promql.ts';

const { panels, templating } = dashboard();

function overlap(one: Panel, other: Panel): boolean {
  const [a, b] = [one.gridPos, other.gridPos];
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

test('whoever imports it chooses the data source, and every query asks that one', () => {
  expect(templating.list).toContainEqual(expect.objectContaining({ name: 'datasource', type: 'datasource' }));
  for (const panel of panels) expect(Boolean(panel.targets), panel.title).toBe(panel.type !== 'row');
});

test('every panel has an id and a title of its own', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
});

test('no panel covers another or leaves the grid', () => {
  for (const [index, panel] of panels.entries()) {
    expect(panel.gridPos.x + panel.gridPos.w, panel.title).toBeLessThanOrEqual(24);
    const covered = panels.slice(index + 1).filter((other) => overlap(panel, other));
    expect(
      covered.map(({ title }) => title),
      panel.title,
    ).toEqual([]);
  }
});

test('it asks only for metrics that there are', async () => {
  const known = new Set([...found(await everyMetric(), /^# TYPE (\S+) /gm), 'up']);
  for (const expr of expressions()) {
    const asked = metricsIn(expr);
    expect(asked.length, expr).toBeGreaterThan(0);
    expect(
      asked.filter((name) => !known.has(name)),
      expr,
    ).toEqual([]);
  }
});

test('every metric of our own is on it, but those that only join others', async () => {
  const ours = found(await everyMetric(), /^# TYPE (rekeyd_\S+) /gm);
  const shown = new Set([...expressions(), JSON.stringify(templating)].flatMap(metricsIn));
  const missing = ours.filter((name) => !shown.has(name));
  expect(missing.toSorted()).toEqual(['rekeyd_issuer_listed_timestamp_seconds', 'rekeyd_vault_token_lifetime_seconds']);
});

test('its first row says whether anything is wrong', () => {
  const stats = panels.filter(({ type }) => type === 'stat').map(({ title }) => title);
  expect(stats).toEqual(expect.arrayContaining(['In trouble', 'Overdue', 'Circuits open', 'Next rotation']));
});

test('it refers to no variable that it does not have', () => {
  const names = new Set([...templating.list.map(({ name }) => name), '__rate_interval', '__all']);
  const used = found(JSON.stringify({ panels, templating }), /\$\{?(\w+)\}?/g);
  expect(used.filter((name) => !names.has(name))).toEqual([]);
});
