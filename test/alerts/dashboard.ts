import { z } from 'zod';
import { textOf } from '../support/markdown.ts';

const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.string().regex(/^\$\{datasource\}$/) });

const panel = z.looseObject({
  id: z.int().positive(),
  type: z.enum(['row', 'stat', 'table', 'timeseries', 'state-timeline']),
  title: z.string().min(3),
  gridPos: z.strictObject({ h: z.int().min(1), w: z.int().min(1), x: z.int().min(0), y: z.int().min(0) }),
  datasource: datasource.optional(),
  targets: z.array(z.looseObject({ refId: z.string(), datasource, expr: z.string().min(3) })).optional(),
});

const dashboardFile = z.looseObject({
  title: z.literal('rekeyd'),
  uid: z.string().max(40),
  schemaVersion: z.int().min(36),
  templating: z.strictObject({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  panels: z.array(panel).min(10),
});

export type Panel = z.infer<typeof panel>;

/** The dashboard as Grafana would read it, as far as its fields decide what is shown. */
export const dashboard = () => dashboardFile.parse(JSON.parse(textOf('config/grafana-dashboard.json')));

/** Every expression of the dashboard, with what Grafana puts in for its variables. */
export function expressions(): string[] {
  const all = dashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return all.map((expr) => expr.replaceAll('$__rate_interval', '2m').replaceAll('$application', '.*'));
}
