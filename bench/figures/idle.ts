import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon } from '../support/daemon.ts';
import type { Bench, Curve, Figure, Findings, Measure } from '../support/figure.ts';
import { fleet } from '../support/fleet.ts';
import { becomesReady } from '../support/ready.ts';

const SIZES = { full: [1_000, 10_000, 100_000], light: [1_000] } as const;
/** Nothing falls due while it is measured. */
const DUE_AFTER_MS = 24 * 3_600_000;
const DUE_WITHIN_MS = 720 * 3_600_000;
/** From all known to the first look: what the start left behind is given back by then. */
const SETTLE_MS = { full: 30_000, light: 5_000 } as const;
const WATCH_MS = { full: 60_000, light: 10_000 } as const;

interface Point {
  readonly size: number;
  /** After it settled, at most, and its share of a core in percent. */
  readonly restingMb: number;
  readonly peakMb: number;
  readonly cpu: number;
}

export const idle: Figure = {
  name: 'idle',
  title: 'Idle: nothing due, the resync reading at its pace',
  hasLight: true,
  measure: async (bench) => {
    const points: Point[] = [];
    for (const size of bench.isLight ? SIZES.light : SIZES.full) points.push(await watched(bench, size));
    return findings(points);
  },
};

async function watched(bench: Bench, size: number): Promise<Point> {
  const dueFrom = Date.now() + DUE_AFTER_MS;
  const name = `idle-${size}`;
  const { policy, servers } = await fleet(bench, { name, applications: size, dueFrom, dueTo: dueFrom + DUE_WITHIN_MS });
  const daemon = await startDaemon(bench, policy);
  await becomesReady(daemon);
  const length = bench.isLight ? 'light' : 'full';
  await sleep(SETTLE_MS[length]);
  const [before, from] = [await daemon.usage(), performance.now()];
  await sleep(WATCH_MS[length]);
  const [{ cpuSeconds, rssMb, peakMb }, to] = [await daemon.usage(), performance.now()];
  await daemon.stop();
  await servers.close();
  const cpu = (100_000 * (cpuSeconds - before.cpuSeconds)) / (to - from);
  bench.say(`  ${size} applications: ${rssMb.toFixed(0)} MB, ${cpu.toFixed(2)} % of a core`);
  return { size, restingMb: rssMb, peakMb, cpu };
}

function findings(points: readonly Point[]): Findings {
  const x = { label: 'applications', isLogarithmic: true };
  const line = (name: string, pick: (point: Point) => number) => ({
    name,
    points: points.map((point) => [point.size, pick(point)] as const),
  });
  const curves: Curve[] = [
    {
      file: 'idle-memory',
      title: 'Memory of an idle daemon',
      x,
      y: { label: 'MB' },
      lines: [line('at rest', ({ restingMb }) => restingMb), line('at most, since its start', ({ peakMb }) => peakMb)],
    },
  ];
  const remarks = [
    'A thousand applications to an instance and to an included file. "At most" is since the start of the process, the first look at every record included.',
  ];
  return { measures: points.flatMap(measuresOf), curves, remarks };
}

function measuresOf({ size, restingMb, peakMb, cpu }: Point): Measure[] {
  const count = `${size.toLocaleString('en')} applications`;
  const isLargest = size === SIZES.full.at(-1);
  const isSmallest = size === SIZES.full[0];
  return [
    {
      what: `${count}, memory at rest (RSS)`,
      values: [restingMb],
      unit: 'MB',
      ...(isLargest && { aim: { atMost: 350 } }),
      ...(isSmallest && { bound: { atMost: 300 } }),
    },
    { what: `${count}, memory at most`, values: [peakMb], unit: 'MB' },
    {
      what: `${count}, share of a core`,
      values: [cpu],
      unit: '%',
      ...(isLargest && { aim: { atMost: 2 } }),
      ...(isSmallest && { bound: { atMost: 20 } }),
    },
  ];
}
