import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Findings } from './figure.ts';
import { type Row, rowsOf } from './report.ts';

/** One file of `bench/results`. */
export interface Result extends Findings {
  readonly figure: string;
  readonly title: string;
  /** When it was measured, ISO 8601. */
  readonly at: string;
  readonly rounds: number;
  /** Versions, and what it ran on. */
  readonly rekeyd: string;
  readonly node: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memory_gb: number;
    readonly linux: string;
  };
}

/** All that stand in a folder, by figure. */
export async function readResults(folder: string): Promise<ReadonlyMap<string, Result>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const results = texts.map((text) => JSON.parse(text) as Result);
  return new Map(results.map((result) => [result.figure, result]));
}

const TABLE = /(<!-- table: ([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g;

/** A document with the newest table of each figure that it has a place for. Throws where there is no such figure. */
export function withTables(document: string, results: ReadonlyMap<string, Result>): string {
  return document.replaceAll(TABLE, (_all, begin: string, figure: string, end: string) => {
    const result = results.get(figure);
    if (!result) throw new Error(`bench/results has no figure ${figure}`);
    return `${begin}${markdownOf(result)}${end}`;
  });
}

function markdownOf(result: Result): string {
  // what takes minutes is measured once, however many rounds the others have
  const measured = Math.max(...result.measures.map(({ values }) => values.length));
  const rounds = measured === 1 ? 'one round' : `${measured} rounds`;
  const { cpu, cores, memory_gb: memory, linux } = result.machine;
  const on = `rekeyd ${result.rekeyd}, Node.js ${result.node}, ${cores} cores (${cpu}), ${memory} GB, Linux ${linux}`;
  const head = `${result.at.slice(0, 10)}, ${rounds}; ${on}:\n\n| measured | median | spread | aim | |\n| --- | ---: | ---: | ---: | --- |\n`;
  const line = (row: Row) => `| ${[row.what, row.median, row.spread, row.aim, row.verdict].join(' | ')} |\n`;
  const remarks = (result.remarks ?? []).map((remark) => `- ${remark}\n`).join('');
  return `\n${head}${rowsOf(result).map(line).join('')}\n${remarks}${remarks === '' ? '' : '\n'}`;
}
