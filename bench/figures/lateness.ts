import { share } from '../../src/policy/share.ts';
import { startDaemon } from '../support/daemon.ts';
import type { Bench, Curve, Figure, Findings, Measure } from '../support/figure.ts';
import { writePolicy } from '../support/policy.ts';
import type { LogLine } from '../support/program.ts';
import type { Servers } from '../support/servers.ts';
import { median, quantile } from '../support/stats.ts';
import { linesOf, timeOf, untilLogged } from '../support/waiting.ts';

/** One after another: every so often one application falls due, and nothing else is to be done. */
const ALONE = { full: { count: 60, everyMs: 200 }, light: { count: 20, everyMs: 200 } } as const;
/** All at the same moment. */
const TOGETHER = { full: { count: 1_000, perSecond: 50 }, light: { count: 100, perSecond: 50 } } as const;
/** The daemon is up, and has looked at all of them, before the first falls due. */
const AHEAD_MS = 8_000;
const CONCURRENCY = 16;
const SPREAD_MS = 10_000;
const TIMEOUT_MS = 120_000;
const WITHIN_S = 1;
const COLLAPSED_S = 5;

/** In seconds, one per application. */
type Lateness = readonly number[];

interface Round {
  readonly alone: Lateness;
  readonly spread: Lateness;
  /** When each of those due together was issued after its time. */
  readonly together: Lateness;
}

export const lateness: Figure = {
  name: 'lateness',
  title: 'Lateness: from when a rotation is due to when it begins',
  measure: async (bench) => {
    const servers = await bench.servers();
    const rounds: Round[] = [];
    for (let round = 1; round <= bench.rounds; round += 1) {
      const done = {
        alone: await oneByOne(bench, servers, `alone-${round}`, 0),
        spread: await oneByOne(bench, servers, `spread-${round}`, SPREAD_MS),
        together: await together(bench, servers, `together-${round}`),
      };
      rounds.push(done);
      const [alone, spread, last] = [done.alone, done.spread, done.together].map((all) => Math.max(...all).toFixed(2));
      bench.say(
        `  round ${round}: at most ${alone} s, beyond its spread ${spread} s; of all together the last ${last} s`,
      );
    }
    return findings(rounds, TOGETHER[bench.isLight ? 'light' : 'full']);
  },
};

/** How late each begins, beyond its replica's share of the spread. */
async function oneByOne(bench: Bench, servers: Servers, run: string, spreadMs: number): Promise<Lateness> {
  const { count, everyMs } = ALONE[bench.isLight ? 'light' : 'full'];
  const plan = { servers, run, count, perSecond: 1_000, lastsMs: (count - 1) * everyMs, spreadMs };
  const { lines, dueFrom } = await watched(bench, plan);
  const replica = String(lines.find((line) => line.event === 'daemon.started')?.['replica']);
  return linesOf(lines, 'rotation.started').map((line) => {
    const name = line.application ?? '';
    const due = dueFrom + indexOf(name) * everyMs;
    return (timeOf(line) - due - share(replica, name) * spreadMs) / 1_000;
  });
}

async function together(bench: Bench, servers: Servers, run: string): Promise<Lateness> {
  const { count, perSecond } = TOGETHER[bench.isLight ? 'light' : 'full'];
  const { lines, dueFrom } = await watched(bench, { servers, run, count, perSecond, lastsMs: 0, spreadMs: 0 });
  return linesOf(lines, 'credential.issued').map((line) => (timeOf(line) - dueFrom) / 1_000);
}

interface Plan {
  readonly servers: Servers;
  readonly run: string;
  readonly count: number;
  readonly perSecond: number;
  /** From the first to the last that falls due. */
  readonly lastsMs: number;
  readonly spreadMs: number;
}

/** What a daemon logs that was up before anything was due. `dueFrom`: Unix ms. */
async function watched(bench: Bench, { servers, run, count, perSecond, lastsMs, spreadMs }: Plan) {
  const policy = await writePolicy({
    dir: await bench.dir(run),
    issuers: { sto1: { servers, instance: `os-${run}`, concurrency: CONCURRENCY, perSecond } },
    applications: count,
    scheduler: { spread: `${spreadMs / 1_000}s` },
  });
  const dueFrom = Date.now() + AHEAD_MS;
  await servers.ask('seed', { file: policy.file, dueFrom, dueTo: dueFrom + lastsMs });
  const daemon = await startDaemon(bench, policy);
  const areDone = ([lines = []]: readonly (readonly LogLine[])[]) => linesOf(lines, 'rotation.done').length === count;
  const [lines = []] = await untilLogged([daemon], areDone, TIMEOUT_MS);
  await daemon.stop();
  return { lines, dueFrom };
}

/** As the applications of a bench are named. */
function indexOf(name: string): number {
  return Number(name.slice(1));
}

function findings(rounds: readonly Round[], plan: (typeof TOGETHER)['full' | 'light']): Findings {
  const allowed = plan.count / plan.perSecond;
  const last = rounds.map(({ together: all }) => Math.max(...all));
  const within = { aim: { atMost: WITHIN_S }, bound: { atMost: COLLAPSED_S } };
  const of = (what: string, pick: (round: Round) => Lateness, take: (all: Lateness) => number): Measure => ({
    what,
    values: rounds.map((round) => take(pick(round))),
    unit: 's',
  });
  return {
    measures: [
      of('nothing else due: half of them', ({ alone }) => alone, median),
      {
        ...of(
          'nothing else due: the latest',
          ({ alone }) => alone,
          (all) => Math.max(...all),
        ),
        ...within,
      },
      of('the same beyond its share of a spread of 10 s: half', ({ spread }) => spread, median),
      {
        ...of(
          'the same beyond its share: the latest',
          ({ spread }) => spread,
          (all) => Math.max(...all),
        ),
        ...within,
      },
      of(
        `${plan.count} due together: the first`,
        ({ together: all }) => all,
        (all) => Math.min(...all),
      ),
      of(
        `${plan.count} due together: half of them`,
        ({ together: all }) => all,
        (all) => quantile(all, 0.5),
      ),
      { what: `${plan.count} due together: the last is issued`, values: last, unit: 's' },
      {
        what: `${plan.count} due together: the last ÷ what the rate allows`,
        values: last.map((seconds) => seconds / allowed),
        unit: '×',
        aim: { atMost: 1.02 },
        bound: { atMost: 1.5 },
      },
    ],
    curves: [curve(rounds, plan)],
    remarks: [
      'Each time is that of the log line `rotation.started`, or `credential.issued` for those due together, less `rotate_at` as it stands in the record.',
      `The issuer takes ${plan.perSecond} calls a second then: ${plan.count} take ${allowed} s, less the second whose calls may begin at once.`,
    ],
  };
}

/** The last round's. */
function curve(rounds: readonly Round[], { count, perSecond }: (typeof TOGETHER)['full' | 'light']): Curve {
  const sorted = [...(rounds.at(-1)?.together ?? [])].sort((a, b) => a - b);
  const step = Math.max(1, Math.floor(count / 20));
  const shown = sorted.map((late, index) => [index + 1, late] as const).filter(([nth]) => nth % step === 0);
  return {
    file: 'lateness',
    title: `${count} applications due at the same moment`,
    x: { label: 'so many are issued' },
    y: { label: 'seconds after they were due' },
    lines: [
      { name: 'rekeyd', points: shown },
      { name: `${perSecond} a second`, points: shown.map(([nth]) => [nth, nth / perSecond] as const) },
    ],
  };
}
