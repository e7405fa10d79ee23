import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import type { Figure, Findings, Measure } from './figure.ts';
import { median } from './stats.ts';
import { svgOf } from './svg.ts';

type Limit = NonNullable<Measure['aim']>;

/** A measure as it is shown. */
export interface Row {
  readonly what: string;
  readonly median: string;
  readonly spread: string;
  readonly aim: string;
  readonly verdict: string;
}

/** What was measured: median, spread, what it is to be, and whether it is. */
export function rowsOf({ measures }: Findings): readonly Row[] {
  return measures.map(({ what, values, unit, aim }) => ({
    what,
    median: amount(median(values), unit),
    spread: spread(values, unit),
    aim: aim ? limit(aim, unit) : '',
    verdict: aim ? (holds(median(values), aim) ? 'met' : '**not met**') : '',
  }));
}

/** A figure as a table for a terminal, with its remarks below. */
export function tableOf(findings: Findings): string {
  const style = { head: [], border: [], compact: true };
  const table = new Table({ head: ['measured', 'median', 'spread', 'aim', ''], style });
  for (const row of rowsOf(findings)) table.push([row.what, row.median, row.spread, row.aim, row.verdict]);
  return [table.toString(), ...(findings.remarks ?? [])].join('\n');
}

/** The measures that are beyond their bound, in words. */
export function collapses({ measures }: Findings): readonly string[] {
  return measures.flatMap(({ what, values, unit, bound }) =>
    bound && !holds(median(values), bound)
      ? [`${what}: ${amount(median(values), unit)} instead of ${limit(bound, unit)}`]
      : [],
  );
}

/** How many measures have a bound. */
export function bounded({ measures }: Findings): number {
  return measures.filter(({ bound }) => bound).length;
}

/** `NAME.json` and a picture of each curve. */
export async function writeResults(folder: string, figure: Figure, findings: Findings, about: object): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { curves = [], ...told } = findings;
  const json = { figure: figure.name, title: figure.title, ...about, ...told, curves };
  await writeFile(join(folder, `${figure.name}.json`), `${JSON.stringify(json, null, 2)}\n`);
  for (const curve of curves) await writeFile(join(folder, `${curve.file}.svg`), svgOf(curve));
}

function holds(value: number, wanted: Limit): boolean {
  return 'atLeast' in wanted ? value >= wanted.atLeast : value <= wanted.atMost;
}

function limit(wanted: Limit, unit: string): string {
  return 'atLeast' in wanted ? `≥ ${amount(wanted.atLeast, unit)}` : `≤ ${amount(wanted.atMost, unit)}`;
}

function spread(values: readonly number[], unit: string): string {
  return values.length < 2 ? '' : `${amount(Math.min(...values), '')} – ${amount(Math.max(...values), unit)}`;
}

function amount(value: number, unit: string): string {
  const number = value.toLocaleString('en', { maximumSignificantDigits: Math.abs(value) >= 1_000 ? 4 : 3 });
  return unit === '' ? number : `${number} ${unit}`;
}
