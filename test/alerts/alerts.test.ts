import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { found, namesIn, rowsOf, textOf } from '../support/markdown.ts';
import { everyMetric } from '../telemetry/everything.ts';
import { metricsIn } from './promql.ts';

/** What needs no promtool; `.ci/alerts.ts` runs the rules. */
const rulesFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Rekeyd[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[mh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
          annotations: z.strictObject({
            summary: z.string().min(20).max(120),
            description: z.string().min(80),
            runbook_url: z.string(),
          }),
        }),
      ),
    }),
  ),
});

const alerts = rulesFile.parse(parse(textOf('config/alerts.yaml'))).groups.flatMap(({ rules }) => rules);
const names = alerts.map(({ alert }) => alert).toSorted();
const rows = rowsOf('docs/RUNBOOK.md', '## Alerts');

test('the runbook has a row for every alert, with what it means, what to look at and what to do, and none besides', () => {
  expect(rows.map(([first]) => namesIn(first)[0]).toSorted()).toEqual(names);
  for (const [name, ...cells] of rows) {
    expect(cells, name).toHaveLength(3);
    for (const cell of cells) expect(cell.length, name).toBeGreaterThan(5);
  }
});

test('every alert points to its own row of the runbook', () => {
  const anchors = new Map(rows.map(([first = '']) => [namesIn(first)[0], found(first, /<a id="([a-z]+)">/g)[0]]));
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook_url).toBe(`docs/RUNBOOK.md#${anchors.get(alert)}`);
  }
});

test('no two alerts have the same name', () => {
  expect(new Set(names).size).toBe(names.length);
});

test('alerts ask only for metrics that there are', async () => {
  const known = new Set([...found(await everyMetric(), /^# TYPE (\S+) /gm), 'up']);
  for (const { alert, expr } of alerts) {
    const asked = metricsIn(expr);
    expect(asked.length, alert).toBeGreaterThan(0);
    expect(
      asked.filter((name) => !known.has(name)),
      alert,
    ).toEqual([]);
  }
});

test('alerts ask only for codes that the runbook knows', () => {
  const known = new Set(found(textOf('docs/RUNBOOK.md'), /^\| `([a-z0-9-]+)`/gm));
  const asked = alerts
    .flatMap(({ expr }) => found(expr, /code!?[=~]+"([^".]+)"/g))
    .flatMap((codes) => codes.split('|'));
  expect(asked.length).toBeGreaterThan(3);
  expect(asked.filter((code) => !known.has(code))).toEqual([]);
});

test('every alert is tried by promtool: that it fires, and on what', () => {
  const tried = new Set(found(textOf('test/alerts/rules.test.yaml'), /alertname="(\w+)"/g));
  expect([...tried].toSorted()).toEqual(names);
});

test('no description holds a secret or asks for one', () => {
  for (const { annotations } of alerts) expect(annotations.description).not.toMatch(/secret_access_key|\$labels\.path/);
});

/** What goes wrong while something is done, of which a look that does nothing cannot know. */
const OF_ATTEMPTS = [
  'RekeydNoCredential',
  'RekeydOverdue',
  'RekeydFailing',
  'RekeydRevocationFailing',
  'RekeydStrayLeft',
];

test.each(OF_ATTEMPTS)('%s sends to where the reason stands, and not to a look that cannot know it', (name) => {
  const description = alerts.find(({ alert }) => alert === name)?.annotations.description ?? '';
  const [, , lookAt = ''] = rows.find(([first]) => namesIn(first)[0] === name) ?? [];
  for (const text of [description, lookAt]) {
    expect(text).toContain('/api/v1/applications/');
    expect(text).not.toContain('rekeyd status');
  }
});
