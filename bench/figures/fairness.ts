import { startDaemon } from '../support/daemon.ts';
import type { Bench, Figure, Findings, Measure } from '../support/figure.ts';
import { applicationName, writePolicy } from '../support/policy.ts';
import type { LogLine, Program } from '../support/program.ts';
import type { Servers } from '../support/servers.ts';
import { linesOf, spanOf, untilLogged } from '../support/waiting.ts';

/** Latency, and not the CPU that sick issuers leave to the others, is to be what takes time. */
const DELAY_MS = 40;
const CONCURRENCY = 2;
const PER_ISSUER = { full: 75, light: 20 } as const;
/** Longer than any time-out. */
const HANG_MS = 120_000;
const TIMEOUT_MS = 120_000;

const WELL = ['well1', 'well2', 'well3'] as const;
const ISSUERS = [...WELL, 'sick1', 'sick2'] as const;

/** What is wrong with the two others, whose API and S3 are their own. */
const VARIANTS = {
  'all well': async () => {},
  'one hangs, one answers 429': async (first, second) => {
    await first.fault('glesys', { fault: 'delay', delay_ms: HANG_MS });
    await second.fault('glesys', { fault: 'status', status: 429 });
  },
  'the S3 of one hangs, the API of another answers 500': async (first, second) => {
    await first.fault('s3', { fault: 'delay', delay_ms: HANG_MS });
    await second.fault('glesys', { fault: 'status', status: 500 });
  },
} satisfies Record<string, (first: Servers, second: Servers) => Promise<void>>;
type Variant = keyof typeof VARIANTS;

const KEPT = { atLeast: 0.95 } as const;
const COLLAPSED_BELOW = { atLeast: 0.5 } as const;

interface Stand {
  readonly well: Servers;
  readonly sick: readonly [Servers, Servers];
}

export const fairness: Figure = {
  name: 'fairness',
  title: 'Fairness: what three issuers keep while two others are sick',
  measure: async (bench) => {
    const stand: Stand = { well: await bench.servers(), sick: [await bench.servers(), await bench.servers()] };
    const rates = new Map<Variant, number[]>();
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const variant of Object.keys(VARIANTS) as Variant[]) {
        const rate = await rateOfWell(bench, stand, variant, round);
        rates.set(variant, [...(rates.get(variant) ?? []), rate]);
        bench.say(`  ${variant}, round ${round}: ${rate.toFixed(2)} per second`);
      }
    }
    return findings(rates);
  },
};

/** Rotations per second of the three, from their first start to their last end. */
async function rateOfWell(bench: Bench, stand: Stand, variant: Variant, round: number): Promise<number> {
  const all = [stand.well, ...stand.sick] as const;
  const size = PER_ISSUER[bench.isLight ? 'light' : 'full'] * ISSUERS.length;
  const number = Object.keys(VARIANTS).indexOf(variant);
  const policy = await makePolicy(bench, stand, `fairness-${round}-${number}`, size);
  const past = Date.now() - 60_000;
  await stand.well.ask('seed', { file: policy.file, dueFrom: past, dueTo: past, issuers: WELL });
  for (const servers of all) await servers.delay(DELAY_MS);
  for (const servers of stand.sick) for (const server of ['glesys', 's3'] as const) await servers.heal(server);
  const [first, second] = stand.sick;
  await VARIANTS[variant](first, second);
  for (const servers of stand.sick) await delayed(servers);
  const daemon = await startDaemon(bench, policy);
  const lines = await wellLines(daemon, size);
  // what hangs would be waited for
  await daemon.kill();
  return linesOf(lines, 'rotation.done').length / spanOf(lines);
}

/** Behind a fault, which strikes first, the latency of everybody. */
async function delayed(servers: Servers): Promise<void> {
  for (const server of ['glesys', 's3'] as const) await servers.fault(server, { fault: 'delay', delay_ms: DELAY_MS });
}

async function makePolicy(bench: Bench, { well, sick }: Stand, run: string, applications: number) {
  const serversOf = (index: number) => (index < WELL.length ? well : (sick[index - WELL.length] ?? well));
  const issuers = ISSUERS.map((name, index) => {
    const instance = `os-${name}-${run}`;
    return [name, { servers: serversOf(index), instance, concurrency: CONCURRENCY, perSecond: 1_000 }] as const;
  });
  return writePolicy({ dir: await bench.dir(run), issuers: Object.fromEntries(issuers), folder: run, applications });
}

async function wellLines(daemon: Program, size: number): Promise<readonly LogLine[]> {
  const well = new Set(
    Array.from({ length: size }, (_, index) => index)
      .filter((index) => index % ISSUERS.length < WELL.length)
      .map(applicationName),
  );
  const ofWell = (lines: readonly LogLine[]) => lines.filter(({ application }) => well.has(application ?? ''));
  const areDone = ([lines = []]: readonly (readonly LogLine[])[]) =>
    linesOf(ofWell(lines), 'rotation.done').length === well.size;
  const [lines = []] = await untilLogged([daemon], areDone, TIMEOUT_MS);
  return ofWell(lines);
}

function findings(rates: ReadonlyMap<Variant, readonly number[]>): Findings {
  const well = rates.get('all well') ?? [];
  const measures = [...rates].flatMap(([variant, values]): Measure[] => {
    const rate = { what: `${variant}: the three others together`, values, unit: 'per second' };
    if (variant === 'all well') return [rate];
    const kept = values.map((value, round) => value / (well[round] ?? Number.NaN));
    const what = `${variant}: the three others ÷ the same with all well`;
    return [rate, { what, values: kept, unit: '×', aim: KEPT, bound: COLLAPSED_BELOW }];
  });
  return {
    measures,
    remarks: [
      `Five issuers with ${PER_ISSUER.full} applications each, all due at once; ${CONCURRENCY} rotations at once per issuer, ${DELAY_MS} ms per call, so that waiting and not the CPU limits them. Each of the sick two has an API and an S3 of its own, and its applications have no secret yet.`,
      "The three issuers' rotations from their first start to their last end.",
    ],
  };
}
