import { startDaemon } from '../support/daemon.ts';
import type { Bench, Curve, Figure, Findings, Measure } from '../support/figure.ts';
import { writePolicy } from '../support/policy.ts';
import { callsIn, type Tally } from '../support/tally.ts';

/** One issuer, one instance, everything on it due at once. */
const SIZES = { full: [100, 1_000, 10_000], light: [100, 1_000] } as const;
const CONCURRENCY = 16;
const PER_SECOND = 1_000;
const KINDS = ['issuer: create', 'issuer: list', 'vault: read', 'vault: write', 'vault: metadata', 's3: list buckets'];
/** A list grows with its instance; with one per application the bytes per rotation would grow tenfold with it. */
const MOST_LISTS_PER_ROTATION = 0.05;

/** A kind of call, and its bytes, at most so many times as many per rotation at the largest size as at the smallest. */
const CONSTANT_WITHIN = { atMost: 1.1 } as const;

interface Point {
  readonly size: number;
  readonly tally: Tally;
}

export const calls: Figure = {
  name: 'calls',
  title: 'Calls and bytes per rotation, all applications on one instance',
  hasLight: true,
  measure: async (bench) => {
    const points: Point[] = [];
    for (const size of bench.isLight ? SIZES.light : SIZES.full) points.push(await rotateAll(bench, size));
    return findings(points);
  },
};

/** From start to the last rotation: what it takes to find out that all are due is counted too. */
async function rotateAll(bench: Bench, size: number): Promise<Point> {
  const servers = await bench.servers();
  const issuers = { sto1: { servers, instance: 'os-bench', concurrency: CONCURRENCY, perSecond: PER_SECOND } };
  const policy = await writePolicy({ dir: await bench.dir(`calls-${size}`), issuers, applications: size });
  const past = Date.now() - 60_000;
  await servers.ask('seed', { file: policy.file, dueFrom: past, dueTo: past });
  await servers.ask('tally', null);
  const daemon = await startDaemon(bench, policy);
  await daemon.until('rotation.done', size, 60_000 + size * 60);
  await daemon.stop();
  const tally = await servers.ask('tally', null);
  bench.say(`  ${size} applications: ${(callsIn(tally) / size).toFixed(2)} calls per rotation`);
  return { size, tally };
}

function findings(points: readonly Point[]): Findings {
  const measures = points.flatMap((point) => KINDS.map((kind) => perRotation(point, kind)));
  const lines = (pick: (point: Point, kind: string) => number) =>
    KINDS.map((name) => ({ name, points: points.map((point) => [point.size, pick(point, name)] as const) }));
  const x = { label: 'applications on one instance', isLogarithmic: true };
  const curves: Curve[] = [
    { file: 'calls', title: 'Calls per rotation', x, y: { label: 'calls' }, lines: lines(callsPer) },
    { file: 'bytes', title: 'Bytes per rotation', x, y: { label: 'bytes' }, lines: lines(bytesPer) },
  ];
  return { measures: [...measures, ...bytes(points), ...growth(points)], curves };
}

function perRotation(point: Point, kind: string): Measure {
  const what = `${point.size.toLocaleString('en')} applications, ${kind}`;
  const bound = kind === 'issuer: list' ? { atMost: MOST_LISTS_PER_ROTATION + 3 / point.size } : undefined;
  return { what, values: [callsPer(point, kind)], unit: 'calls', ...(bound && { aim: bound, bound }) };
}

/** The largest size ÷ the smallest; lists have a bound of their own. */
function growth(points: readonly Point[]): Measure[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return [];
  const bound = { unit: '×', aim: CONSTANT_WITHIN, bound: CONSTANT_WITHIN };
  return KINDS.filter((kind) => kind !== 'issuer: list').flatMap((kind) => [
    { what: `${kind}, calls: largest ÷ smallest`, values: [callsPer(last, kind) / callsPer(first, kind)], ...bound },
    { what: `${kind}, bytes: largest ÷ smallest`, values: [bytesPer(last, kind) / bytesPer(first, kind)], ...bound },
  ]);
}

function bytes(points: readonly Point[]): Measure[] {
  return points.map((point) => ({
    what: `${point.size.toLocaleString('en')} applications, bodies of all calls`,
    values: [KINDS.reduce((sum, kind) => sum + bytesPer(point, kind), 0)],
    unit: 'bytes',
  }));
}

function callsPer({ size, tally }: Point, kind: string): number {
  return (tally[kind]?.calls ?? 0) / size;
}

function bytesPer({ size, tally }: Point, kind: string): number {
  const { sent = 0, received = 0 } = tally[kind] ?? {};
  return (sent + received) / size;
}
