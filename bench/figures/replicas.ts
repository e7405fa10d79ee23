import { startDaemon } from '../support/daemon.ts';
import type { Bench, Curve, Figure, Findings, Measure } from '../support/figure.ts';
import { writePolicy } from '../support/policy.ts';
import type { Servers } from '../support/servers.ts';
import { median } from '../support/stats.ts';
import { linesOf, spanOf, untilLogged } from '../support/waiting.ts';

/** Latency, and not the cores that replicas share here with the servers, is to be what takes time. */
const DELAY_MS = 20;
const CONCURRENCY = 4;
const SIZE = { full: 300, light: 60 } as const;
const REPLICAS = [1, 2, 4] as const;
const SPREADS = ['0s', '10s'] as const;
const TIMEOUT_MS = 120_000;

interface Setting {
  readonly replicas: number;
  readonly spread: (typeof SPREADS)[number];
}

/** How replicas did on one due set. */
interface Run {
  readonly perSecond: number;
  /** Credentials issued beyond one for each rotation, per thousand rotations. */
  readonly collisions: number;
  /** Rotations of the busiest replica ÷ an even share. */
  readonly busiest: number;
}

export const replicas: Figure = {
  name: 'replicas',
  title: 'Replicas: throughput, collisions and shares of 1, 2 and 4 on the same due set',
  measure: async (bench) => {
    const servers = await bench.servers();
    const runs = new Map<string, Run[]>();
    for (let round = 1; round <= bench.rounds; round += 1) {
      for (const setting of settings()) {
        const run = await measured(bench, servers, setting, round);
        runs.set(nameOf(setting), [...(runs.get(nameOf(setting)) ?? []), run]);
        const { perSecond, collisions, busiest } = run;
        const told = `${perSecond.toFixed(1)} per second, ${collisions.toFixed(1)} ‰ collide, busiest ${busiest.toFixed(2)}`;
        bench.say(`  ${nameOf(setting)}, round ${round}: ${told}`);
      }
    }
    return findings(runs);
  },
};

function settings(): readonly Setting[] {
  return SPREADS.flatMap((spread) => REPLICAS.map((count) => ({ replicas: count, spread })));
}

function nameOf({ replicas: count, spread }: Setting): string {
  return `spread ${spread}, ${count} replica${count === 1 ? '' : 's'}`;
}

async function measured(bench: Bench, servers: Servers, setting: Setting, round: number): Promise<Run> {
  const run = `replicas-${round}-${setting.replicas}-${setting.spread}`;
  const size = SIZE[bench.isLight ? 'light' : 'full'];
  const issuers = { sto1: { servers, instance: `os-${run}`, concurrency: CONCURRENCY, perSecond: 1_000 } };
  const scheduler = { spread: setting.spread };
  const policy = await writePolicy({ dir: await bench.dir(run), issuers, applications: size, scheduler });
  const past = Date.now() - 60_000;
  await servers.ask('seed', { file: policy.file, dueFrom: past, dueTo: past });
  await servers.delay(DELAY_MS);
  await servers.ask('tally', null);
  const starting = Array.from({ length: setting.replicas }, (_, index) =>
    startDaemon(bench, policy, `rekeyd-${index}`),
  );
  const daemons = await Promise.all(starting);
  const logs = await untilLogged(daemons, (all) => linesOf(all.flat(), 'rotation.done').length >= size, TIMEOUT_MS);
  await Promise.all(daemons.map((daemon) => daemon.stop()));
  const issued = (await servers.ask('tally', null))['issuer: create']?.calls ?? 0;
  const shares = logs.map((lines) => linesOf(lines, 'rotation.done').length);
  const rotations = shares.reduce((sum, count) => sum + count, 0);
  return {
    perSecond: rotations / spanOf(logs.flat()),
    collisions: ((issued - rotations) / rotations) * 1_000,
    busiest: Math.max(...shares) / (rotations / setting.replicas),
  };
}

function findings(runs: ReadonlyMap<string, readonly Run[]>): Findings {
  const measures = settings().flatMap((setting): Measure[] => {
    const own = runs.get(nameOf(setting)) ?? [];
    const of = (what: string) => `${nameOf(setting)}: ${what}`;
    const rate = { what: of('all together'), values: own.map(({ perSecond }) => perSecond), unit: 'per second' };
    if (setting.replicas === 1) return [rate];
    const alone = runs.get(nameOf({ ...setting, replicas: 1 })) ?? [];
    const gained = own.map(({ perSecond }, round) => perSecond / (alone[round]?.perSecond ?? Number.NaN));
    return [
      rate,
      { what: of('÷ one replica'), values: gained, unit: '×' },
      { what: of('collisions'), values: own.map(({ collisions }) => collisions), unit: 'per thousand' },
      { what: of('busiest ÷ an even share'), values: own.map(({ busiest }) => busiest), unit: '×' },
    ];
  });
  return { measures, curves: [curve(runs)], remarks: remarks() };
}

function remarks(): string[] {
  return [
    `${SIZE.full} applications of one issuer, all due at once; ${CONCURRENCY} rotations at once per replica, ${DELAY_MS} ms per call. From the first start to the last end, over all replicas.`,
    'A collision is a credential that was issued and not published because another replica was first: it becomes a stray and is revoked after its grace.',
    'All replicas are started at the same moment on a set that is due already: nothing could be worse for them. With a spread each application begins only after its replica has waited its share.',
  ];
}

function curve(runs: ReadonlyMap<string, readonly Run[]>): Curve {
  const lines = SPREADS.map((spread) => ({
    name: `spread ${spread}`,
    points: REPLICAS.map((count) => {
      const own = runs.get(nameOf({ replicas: count, spread })) ?? [];
      return [count, median(own.map(({ perSecond }) => perSecond))] as const;
    }),
  }));
  return {
    file: 'replicas',
    title: 'Rotations per second of replicas together',
    x: { label: 'replicas' },
    y: { label: 'rotations per second' },
    lines,
  };
}
