import { join } from 'node:path';
import { startDaemon } from '../support/daemon.ts';
import type { Bench, Figure, Findings, Measure } from '../support/figure.ts';
import { type WrittenPolicy, writePolicy } from '../support/policy.ts';
import { type Answers, type Probe, Prober, Viewer } from '../support/probe.ts';
import { Program } from '../support/program.ts';
import type { Servers } from '../support/servers.ts';
import { median, quantile } from '../support/stats.ts';
import type { Tally } from '../support/tally.ts';
import { linesOf, untilLogged } from '../support/waiting.ts';

const SIZE = { full: 10_000, light: 1_000 } as const;
/** What the issuer takes, calls a second: eight times what a policy allows where it says nothing. */
const RATE = 40;
const CONCURRENCY = 32;
const DELAY_MS = 5;
const PROBE_EVERY_MS = 200;
const READY_MS = 60_000;
const AIM = { atLeast: 0.98 } as const;
const COLLAPSED_BELOW = { atLeast: 0.5 } as const;
const WITHIN_MS = { atMost: 100 } as const;
const COLLAPSED_MS = { atMost: 5_000 } as const;

/** What a page asks for when it is opened, what it asks for when an application is, and what Prometheus asks for. */
const PROBES: readonly Probe[] = [
  { path: '/' },
  { path: '/api/v1/events', isStream: true },
  { path: '/api/v1/overview' },
  { path: '/api/v1/applications/a000000' },
  { path: '/metrics' },
];

/** Who rotates them all: a command beside the daemon, as one more replica, or the daemon itself. */
const WAYS = ['command', 'daemon'] as const;
type Way = (typeof WAYS)[number];

interface Run {
  /** Issues ÷ what the rate allows in the time from the first to the last. */
  readonly held: number;
  /** The same from when the process was started, or from when the daemon had seen them all. */
  readonly heldInAll: number;
  readonly answers: Answers;
}

export const emergency: Figure = {
  name: 'emergency',
  title: "Emergency: everything rotated on command at the issuer's rate, and the page meanwhile",
  measure: async (bench) => {
    const servers = await bench.servers();
    const runs: Record<Way, Run[]> = { command: [], daemon: [] };
    // each takes minutes, and has a value for each second of them
    for (const way of WAYS) runs[way].push(await measured(bench, servers, way));
    return findings(runs, SIZE[bench.isLight ? 'light' : 'full']);
  },
};

async function measured(bench: Bench, servers: Servers, way: Way): Promise<Run> {
  const size = SIZE[bench.isLight ? 'light' : 'full'];
  const policy = await writePolicy({
    dir: await bench.dir(way),
    issuers: { sto1: { servers, instance: `os-${way}`, concurrency: CONCURRENCY, perSecond: RATE } },
    applications: size,
  });
  const due = Date.now() + (way === 'daemon' ? READY_MS / 2 : 7 * 86_400_000);
  await servers.ask('seed', { file: policy.file, dueFrom: due, dueTo: due });
  await servers.delay(DELAY_MS);
  const daemon = await startDaemon(bench, policy);
  try {
    const url = String((await daemon.until('daemon.started', 1, READY_MS)).http);
    const viewer = new Viewer(url);
    await servers.ask('tally', null);
    const prober = new Prober(url, PROBES, PROBE_EVERY_MS);
    const began = way === 'command' ? performance.now() : performance.now() + Math.max(0, due - Date.now());
    await (way === 'command' ? command(bench, policy) : allDone(daemon, size));
    const seconds = (performance.now() - began) / 1_000;
    const answers = await prober.stop();
    await viewer.close();
    const run = { ...heldBy(await servers.ask('tally', null), seconds), answers };
    bench.say(`  by the ${way}: ${(run.held * 100).toFixed(1)} % of the rate, ${size} in ${seconds.toFixed(1)} s`);
    return run;
  } finally {
    await daemon.stop();
  }
}

/** `rekeyd rotate --all`. Its log is not read meanwhile: who measures should cost little. */
async function command(bench: Bench, { file, env }: WrittenPolicy): Promise<void> {
  const args = ['rotate', '--all', '--json', '--config', file];
  const log = join(file, '..', 'rotate.log');
  const program = await Program.start({ file: bench.program, args, env, log, compiled: bench.compiled });
  const code = await program.ended();
  await program.stop();
  if (code !== 0) throw new Error(`rekeyd rotate --all ended with ${code}`);
}

async function allDone(daemon: Program, size: number): Promise<void> {
  await untilLogged([daemon], ([lines = []]) => linesOf(lines, 'rotation.done').length >= size, READY_MS + size * 40);
}

function heldBy(tally: Tally, seconds: number): Pick<Run, 'held' | 'heldInAll'> {
  const { calls = 0, firstAt = 0, lastAt = 0 } = tally['issuer: create'] ?? {};
  return { held: calls / ((lastAt - firstAt) / 1_000) / RATE, heldInAll: calls / seconds / RATE };
}

function findings(runs: Readonly<Record<Way, readonly Run[]>>, size: number): Findings {
  return {
    measures: WAYS.flatMap((way) => [
      {
        what: `by the ${way}: issues ÷ what the rate allows, from the first to the last`,
        values: runs[way].map(({ held }) => held),
        unit: '×',
        aim: AIM,
        bound: COLLAPSED_BELOW,
      },
      {
        what: `by the ${way}: the same with its start and its end`,
        values: runs[way].map(({ heldInAll }) => heldInAll),
        unit: '×',
      },
      ...PROBES.flatMap(({ path }) => answersTo(path, way, runs[way])),
    ]),
    remarks: [
      `${size.toLocaleString('en')} applications of one issuer that takes ${RATE} calls a second; ${CONCURRENCY} rotations at once, ${DELAY_MS} ms per call. Measured once for each way: it takes minutes.`,
      'By the command: `rekeyd rotate --all` beside a daemon. By the daemon: all of them fall due at one moment.',
      `The daemon is asked one question every ${PROBE_EVERY_MS} ms, each in its turn, and one page more stays open all the while. The times are to the last byte of an answer, of the stream of events to the first.`,
    ],
  };
}

function answersTo(path: string, way: Way, runs: readonly Run[]): Measure[] {
  const of = (what: string, take: (all: readonly number[]) => number): Measure => ({
    what: `by the ${way}, ${path}: ${what}`,
    values: runs.map(({ answers }) => take(answers[path] ?? [])),
    unit: 'ms',
  });
  return [
    of('half of the answers', median),
    { ...of('99 of 100', (all) => quantile(all, 0.99)), aim: WITHIN_MS, bound: COLLAPSED_MS },
    of('the slowest', (all) => Math.max(...all)),
  ];
}
