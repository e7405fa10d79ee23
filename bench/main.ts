import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FIGURES } from './figures.ts';
import type { Figure, Findings } from './support/figure.ts';
import { machine } from './support/machine.ts';
import { bounded, collapses, tableOf, writeResults } from './support/report.ts';
import { readResults, withTables } from './support/results.ts';
import { inWorkshop } from './support/workshop.ts';

/**
 * `npm run bench -- [--only FIGURE]… [--light] [--rounds N] [--results FOLDER] [--counted FILE]`: measures rekeyd, prints
 * a table of each figure, writes results and puts the tables into the document. `--light`: small and short, writes
 * neither, and fails only where something collapsed.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    light: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    results: { type: 'string' },
    counted: { type: 'string' },
  },
});

const ROOT = join(import.meta.dirname, '..');
const RESULTS = join(ROOT, 'bench', 'results');
const say = (text: string) => void process.stdout.write(`${text}\n`);

function chosen(): readonly Figure[] {
  const { only, light } = values;
  const unknown = only?.find((name) => !FIGURES.some((figure) => figure.name === name));
  if (unknown !== undefined)
    throw new Error(`no figure ${unknown}; there are ${FIGURES.map(({ name }) => name).join(', ')}`);
  const usual = light ? FIGURES.filter(({ hasLight }) => hasLight) : FIGURES;
  return only ? FIGURES.filter(({ name }) => only.includes(name)) : usual;
}

/** As the image builds it, in a folder of this run's own, with the version beside it. */
async function build(home: string): Promise<string> {
  const folder = join(home, 'bundle');
  const args = ['--config', 'rolldown.config.ts', '--dir', folder, '--logLevel', 'silent'];
  execFileSync(join(ROOT, 'node_modules', '.bin', 'rolldown'), args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await copyFile(join(ROOT, 'package.json'), join(home, 'package.json'));
  return join(folder, 'main.js');
}

async function measured(figure: Figure, home: string, program: string): Promise<Findings> {
  say(`\n${figure.title}`);
  const rounds = Number(values.rounds ?? (values.light ? 1 : 3));
  const settings = { isLight: values.light, rounds, program, compiled: join(home, 'compiled'), say };
  const findings = await inWorkshop(settings, (bench) => figure.measure(bench));
  say(tableOf(findings));
  const folder = values.results ?? (values.light ? undefined : RESULTS);
  if (folder !== undefined) await writeResults(folder, figure, findings, { ...about, rounds });
  return findings;
}

async function document(): Promise<void> {
  const file = join(ROOT, 'docs', 'PERFORMANCE.md');
  await writeFile(file, withTables(await readFile(file, 'utf8'), await readResults(RESULTS)));
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const about = machine();
const home = await mkdtemp(join(tmpdir(), 'rekeyd-bench-'));
try {
  const program = await build(home);
  const all: Findings[] = [];
  for (const figure of chosen()) all.push(await measured(figure, home, program));
  const failed = all.flatMap((findings) => collapses(findings));
  for (const collapse of failed) say(`collapsed: ${collapse}`);
  const checks = all.reduce((sum, findings) => sum + bounded(findings), 0);
  const counts = { numPassedTests: checks - failed.length, numFailedTests: failed.length };
  if (!values.light && values.results === undefined) await document();
  if (values.counted !== undefined) await writeFile(values.counted, JSON.stringify(counts));
  if (failed.length > 0) process.exitCode = 1;
} finally {
  await rm(home, { recursive: true, force: true });
}
