import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type DueSet, makeDue, type Run, runRekeyd, runScript } from '../support/due-set.ts';
import type { Bench, Figure, Findings, Measure } from '../support/figure.ts';
import type { Servers } from '../support/servers.ts';
import { callsIn } from '../support/tally.ts';

const DELAY_MS = 40;
/** The serial script would need five minutes for 2,000; its rate does not depend on how many there are. */
const SIZE = { serial: 100, others: 1_000 } as const;
const CONCURRENCY = 64;
const FASTER = { atLeast: 20 } as const;
const USUAL = join(import.meta.dirname, '..', 'usual');
const KINDS = [
  'issuer: create',
  'issuer: delete',
  'vault: read',
  'vault: write',
  'vault: sys',
  'vault: metadata',
  's3: list buckets',
];

type Program = 'one after another' | 'Promise.all' | 'rekeyd';
type Runs = Readonly<Record<Program, Run[]>>;

export const scripts: Figure = {
  name: 'scripts',
  title: 'Against the script that a person would write',
  measure: async (bench) => {
    installPackages();
    const servers = await bench.servers();
    const runs: Runs = { 'one after another': [], 'Promise.all': [], rekeyd: [] };
    for (let round = 1; round <= bench.rounds; round += 1) {
      runs['one after another'].push(await usual(bench, await due(bench, servers, SIZE.serial), false));
      runs.rekeyd.push(await runRekeyd(bench, await due(bench, servers, SIZE.others)));
      runs['Promise.all'].push(await usual(bench, await due(bench, servers, SIZE.others), true));
      bench.say(`  round ${round} of ${bench.rounds}`);
    }
    return findings(runs);
  },
};

/** They are no part of rekeyd, so they stand in a folder of their own. */
function installPackages(): void {
  const args = ['ci', '--prefix', USUAL, '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function due(bench: Bench, servers: Servers, size: number): Promise<DueSet> {
  return makeDue(bench, { servers, size, concurrency: CONCURRENCY, delayMs: DELAY_MS });
}

function usual(bench: Bench, set: DueSet, isParallel: boolean): Promise<Run> {
  const { servers, instance, policy } = set;
  const paths = policy.names.map((name) => `apps/${name}/s3`);
  const task = JSON.stringify({ at: servers.at, instance, paths, isParallel });
  // one after another nothing waits beside anything else
  const waiting = { ...set, concurrency: isParallel ? set.concurrency : 1 };
  return runScript(bench, waiting, { file: join(USUAL, 'script.mjs'), env: { USUAL_TASK: task }, says: 'usual' });
}

function sizeOf(program: Program): number {
  return program === 'one after another' ? SIZE.serial : SIZE.others;
}

function rates(runs: Runs, program: Program): number[] {
  return runs[program].map(({ seconds }) => sizeOf(program) / seconds);
}

function findings(runs: Runs): Findings {
  const programs = Object.keys(runs) as Program[];
  const serial = rates(runs, 'one after another');
  const parallel = rates(runs, 'Promise.all');
  const ours = rates(runs, 'rekeyd');
  const over = (others: number[]) => ours.map((rate, round) => rate / (others[round] ?? Number.NaN));
  const measures: Measure[] = [
    { what: 'rekeyd ÷ the script, one after another', values: over(serial), unit: '×', aim: FASTER },
    { what: 'rekeyd ÷ the script with Promise.all', values: over(parallel), unit: '×' },
    ...programs.map((program) => ({ what: program, values: rates(runs, program), unit: 'per second' })),
    ...programs.map((program) => callsOf(runs, program)),
    ...KINDS.flatMap((kind) =>
      (['one after another', 'rekeyd'] as const).map((program) => kindOf(runs, program, kind)),
    ),
  ];
  return { measures, remarks: remarks() };
}

function callsOf(runs: Runs, program: Program): Measure {
  const values = runs[program].map(({ tally }) => callsIn(tally) / sizeOf(program));
  const most = runs['one after another'].map(({ tally }) => callsIn(tally) / SIZE.serial);
  const aim = program === 'rekeyd' ? { aim: { atMost: Math.max(...most) } } : {};
  return { what: `${program}: calls`, values, unit: 'per rotation', ...aim };
}

function kindOf(runs: Runs, program: Program, kind: string): Measure {
  const values = runs[program].map(({ tally }) => (tally[kind]?.calls ?? 0) / sizeOf(program));
  return { what: `${program}: ${kind}`, values, unit: 'per rotation' };
}

function remarks(): string[] {
  return [
    `${DELAY_MS} ms per call; ${SIZE.serial} applications one after another, ${SIZE.others.toLocaleString('en')} for the others; rekeyd ${CONCURRENCY} at once, Promise.all all at once.`,
    'The script: node-vault, glesys-api and the AWS SDK. glesys-api is told the address of the stand-in at each request.',
    'rekeyd makes more calls per rotation than the script: it reads the record twice more (to find what is due, and what Vault returns after the publish), asks which cluster it is, what the token may do and when the path deletes by itself, whether the endpoint answers, verifies twice, and writes the description for people. It deletes nothing then: the old key lives through its grace.',
    'Each of these is what a condition or rule of the rotation protocol needs; the script has none of them, and a crash between two of its lines loses a secret or breaks an application.',
  ];
}
