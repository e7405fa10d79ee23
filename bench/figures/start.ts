import { startDaemon } from '../support/daemon.ts';
import type { Bench, Curve, Figure, Findings, Measure } from '../support/figure.ts';
import { fleet } from '../support/fleet.ts';
import type { LogLine, Program } from '../support/program.ts';
import { becomesReady } from '../support/ready.ts';

const SIZES = { full: [10, 10_000, 100_000], light: [10] } as const;
const PERIOD_MS = 720 * 3_600_000;
/** One in a hundred fell due while nothing ran; the others do within a period. */
const DUE_SHARE = 0.01;

/** In ms, since the process was started where nothing else is said. */
interface Start {
  /** The policy is loaded and HTTP answers. */
  readonly started: number;
  readonly ready: number;
  /** From `started` to the first rotation that begins. */
  readonly firstRotation: number;
  /** CPU time, and memory, when it was started. */
  readonly cpu: number;
  readonly rssMb: number;
}

interface Point {
  readonly size: number;
  readonly rounds: readonly Start[];
}

export const start: Figure = {
  name: 'start',
  title: 'Start: from the start of the process to all known',
  measure: async (bench) => {
    const points: Point[] = [];
    for (const size of bench.isLight ? SIZES.light : SIZES.full) points.push(await measured(bench, size));
    return findings(points);
  },
};

/** The first start fills what Node compiled, as the image has it, and is not counted. */
async function measured(bench: Bench, size: number): Promise<Point> {
  const rounds: Start[] = [];
  if (size === SIZES.full[0]) await once(bench, size, 'warm');
  for (let round = 1; round <= bench.rounds; round += 1) {
    const one = await once(bench, size, String(round));
    rounds.push(one);
    bench.say(`  ${size} applications: started ${one.started} ms, ready ${one.ready} ms`);
  }
  return { size, rounds };
}

async function once(bench: Bench, size: number, round: string): Promise<Start> {
  const dueFrom = Date.now() - PERIOD_MS * DUE_SHARE;
  const name = `start-${size}-${round}`;
  const { policy, servers } = await fleet(bench, { name, applications: size, dueFrom, dueTo: dueFrom + PERIOD_MS });
  const daemon = await startDaemon(bench, policy);
  const started = sinceStart(daemon, await daemon.until('daemon.started'));
  const { cpuSeconds, rssMb } = await daemon.usage();
  const [rotation, ready] = await Promise.all([daemon.until('rotation.started'), becomesReady(daemon)]);
  const begun = sinceStart(daemon, rotation);
  await daemon.stop();
  await servers.close();
  return { started, ready, firstRotation: begun - started, cpu: 1_000 * cpuSeconds, rssMb };
}

function sinceStart({ startedAt }: Program, { time = '' }: LogLine): number {
  return Date.parse(time) - startedAt;
}

function findings(points: readonly Point[]): Findings {
  const lines = [
    { name: 'policy loaded', points: points.map(({ size, rounds }) => [size, middle(rounds, 'started')] as const) },
    { name: 'all known', points: points.map(({ size, rounds }) => [size, middle(rounds, 'ready')] as const) },
  ];
  const curve: Curve = {
    file: 'start',
    title: 'From the start of the process',
    x: { label: 'applications', isLogarithmic: true },
    y: { label: 'ms', isLogarithmic: true },
    lines,
  };
  const remarks = [
    'One application in a hundred is due. Which ones, only their records in Vault tell: they are read in the order of this replica, and what is due among the first is begun while the others are read.',
  ];
  return { measures: points.flatMap(measuresOf), curves: [curve], remarks };
}

function middle(rounds: readonly Start[], what: 'started' | 'ready'): number {
  const sorted = rounds.map((one) => one[what]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function measuresOf({ size, rounds }: Point): Measure[] {
  const of = (pick: (one: Start) => number) => rounds.map(pick);
  const count = `${size.toLocaleString('en')} applications`;
  const isSmallest = size === SIZES.full[0];
  const isLargest = size === SIZES.full.at(-1);
  return [
    {
      what: `${count}, start to policy loaded`,
      values: of(({ started }) => started),
      unit: 'ms',
      ...(isLargest && { aim: { atMost: 4_000 } }),
    },
    { what: `${count}, CPU time until then`, values: of(({ cpu }) => cpu), unit: 'ms' },
    {
      what: `${count}, memory then`,
      values: of(({ rssMb }) => rssMb),
      unit: 'MB',
      ...(isLargest && { aim: { atMost: 350 } }),
    },
    {
      what: `${count}, from there to the first due rotation`,
      values: of(({ firstRotation }) => firstRotation),
      unit: 'ms',
      ...(isLargest && { aim: { atMost: 5_000 } }),
    },
    {
      what: `${count}, start to ready: all known`,
      values: of(({ ready }) => ready),
      unit: 'ms',
      ...(isSmallest && { aim: { atMost: 400 } }),
    },
  ];
}
