import { join } from 'node:path';
import type { BareTask } from '../support/bare.ts';
import { type DueSet, makeDue, type Run, runRekeyd, runScript } from '../support/due-set.ts';
import type { Bench, Curve, Figure, Findings, Measure } from '../support/figure.ts';
import type { Servers } from '../support/servers.ts';
import { median } from '../support/stats.ts';

/** How a due set is measured. */
interface Setting {
  readonly delayMs: number;
  readonly size: number;
  readonly concurrency: number;
}

/**
 * With latency the concurrency is chosen so that both programs wait for most of the time: 40 rotations a second by
 * arithmetic, a third of what one core can do.
 */
const FULL: readonly Setting[] = [
  { delayMs: 0, size: 2_000, concurrency: 16 },
  { delayMs: 20, size: 2_000, concurrency: 8 },
  { delayMs: 80, size: 2_000, concurrency: 32 },
];
const LIGHT: readonly Setting[] = [
  { delayMs: 0, size: 200, concurrency: 16 },
  { delayMs: 20, size: 200, concurrency: 16 },
];

/** One after another: where the cluster is, the record, rights, lifetime (beside them the endpoint), issue, two lists, publish, read back, mirror. */
const CALLS_ON_PATH = 10;
const AIM = { atLeast: 0.9 } as const;
/** A collapse, on a machine that does other things as well. */
const COLLAPSED_BELOW = { atLeast: 0.2 } as const;
/**
 * Calls per rotation and kind, of eleven in all. Rotations that begin together share one question about the cluster, so
 * how often it is asked depends on timing in both programs.
 */
const SAME_CALLS_WITHIN = 0.2;
const BARE = join(import.meta.dirname, '..', 'support', 'bare.ts');

/** One setting's rounds: A is the bare loop, B is rekeyd. */
interface Rounds {
  readonly setting: Setting;
  readonly bare: readonly Run[];
  readonly rekeyd: readonly Run[];
}

export const throughput: Figure = {
  name: 'throughput',
  title: 'Throughput against the limit: a bare loop that makes the same calls',
  hasLight: true,
  measure: async (bench) => {
    const servers = await bench.servers();
    const all: Rounds[] = [];
    for (const setting of bench.isLight ? LIGHT : FULL) all.push(await measured(bench, servers, setting));
    return findings(all);
  },
};

async function measured(bench: Bench, servers: Servers, setting: Setting): Promise<Rounds> {
  const bare: Run[] = [];
  const rekeyd: Run[] = [];
  for (let round = 1; round <= bench.rounds; round += 1) {
    bare.push(await runBare(bench, await makeDue(bench, { servers, ...setting })));
    rekeyd.push(await runRekeyd(bench, await makeDue(bench, { servers, ...setting })));
    const [a, b] = [bare.at(-1)?.seconds, rekeyd.at(-1)?.seconds].map((seconds) => seconds?.toFixed(1));
    bench.say(`  ${setting.delayMs} ms per call, round ${round}: bare ${a} s, rekeyd ${b} s`);
  }
  return { setting, bare, rekeyd };
}

function runBare(bench: Bench, due: DueSet): Promise<Run> {
  const { servers, instance, policy, concurrency } = due;
  const task: BareTask = {
    at: servers.at,
    instance,
    paths: policy.names.map((name) => `apps/${name}/s3`),
    concurrency,
  };
  return runScript(bench, due, { file: BARE, env: { BARE_TASK: JSON.stringify(task) }, says: 'bare' });
}

function findings(all: readonly Rounds[]): Findings {
  const ends = all.map(({ setting }) => `${setting.concurrency} at once with ${setting.delayMs} ms`).join(', ');
  return {
    measures: all.flatMap(measuresOf),
    curves: [curve(all)],
    remarks: [
      `${all[0]?.setting.size.toLocaleString('en')} applications due at once, one issuer; ${ends}. A round is the bare loop, then rekeyd.`,
      "The time of both runs from the servers' answer to the first read of a record to their answer to the last call.",
      'The bare loop has one S3 client per credential with the settings that the SDK has by itself; rekeyd says each setting, so the SDK looks for none in the environment.',
      'The arithmetic limit is the calls of a rotation that wait for one another × latency ÷ concurrency; nothing else takes any time in it.',
    ],
  };
}

function measuresOf(rounds: Rounds): Measure[] {
  const { setting, bare, rekeyd } = rounds;
  const { delayMs, size } = setting;
  const of = (what: string) => `${delayMs} ms per call: ${what}`;
  const ratios = rekeyd.map((run, round) => (bare[round]?.seconds ?? Number.NaN) / run.seconds);
  return [
    { what: of('rekeyd ÷ bare loop'), values: ratios, unit: '×', aim: AIM, bound: COLLAPSED_BELOW },
    { what: of('rekeyd'), values: rekeyd.map((run) => size / run.seconds), unit: 'per second' },
    { what: of('bare loop'), values: bare.map((run) => size / run.seconds), unit: 'per second' },
    ...arithmetic(setting, rekeyd),
    {
      what: of('rekeyd, from the start of its process'),
      values: rekeyd.map((run) => size / run.wholeSeconds),
      unit: 'per second',
    },
    { what: of('rekeyd, CPU time'), values: rekeyd.map(({ cpuMs }) => cpuMs / size), unit: 'ms per rotation' },
    { what: of('bare loop, CPU time'), values: bare.map(({ cpuMs }) => cpuMs / size), unit: 'ms per rotation' },
    sameCalls(rounds),
  ];
}

function arithmetic({ delayMs, size, concurrency }: Setting, rekeyd: readonly Run[]): Measure[] {
  if (delayMs === 0) return [];
  const limit = (size * CALLS_ON_PATH * delayMs) / 1_000 / concurrency;
  const what = `${delayMs} ms per call: rekeyd ÷ arithmetic limit`;
  return [{ what, values: rekeyd.map(({ seconds }) => limit / seconds), unit: '×' }];
}

/** The most that a kind of call differs; what both make differently would make the comparison worthless. */
function sameCalls({ setting: { delayMs, size }, bare, rekeyd }: Rounds): Measure {
  const values = rekeyd.map(({ tally }, round) => {
    const other = bare[round]?.tally ?? {};
    const kinds = new Set([...Object.keys(tally), ...Object.keys(other)]);
    return Math.max(
      ...[...kinds].map((kind) => Math.abs((tally[kind]?.calls ?? 0) - (other[kind]?.calls ?? 0)) / size),
    );
  });
  const within = { atMost: SAME_CALLS_WITHIN };
  const what = `${delayMs} ms per call: most that a kind of call differs`;
  return { what, values, unit: 'calls per rotation', aim: within, bound: within };
}

function curve(all: readonly Rounds[]): Curve {
  const line = (name: string, runs: (rounds: Rounds) => readonly Run[]) => ({
    name,
    points: all.map(
      (rounds) =>
        [rounds.setting.delayMs, median(runs(rounds).map(({ seconds }) => rounds.setting.size / seconds))] as const,
    ),
  });
  return {
    file: 'throughput',
    title: 'Rotations per second',
    x: { label: 'added latency per call, ms' },
    y: { label: 'rotations per second' },
    lines: [line('rekeyd', ({ rekeyd }) => rekeyd), line('bare loop', ({ bare }) => bare)],
  };
}
