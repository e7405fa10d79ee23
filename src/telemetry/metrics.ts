import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { IssuerPolicy } from '../policy/policy.ts';
import type { RotationEvent } from '../rotation/events.ts';
import { type Board, type BoardEntry, STATES } from './board.ts';
import { type Census, CREDENTIAL_KINDS } from './census.ts';
import type { ServerHealth } from './server-health.ts';

/** Where the numbers come from that are looked up when they are asked for. */
export interface MetricsSources {
  readonly board: Board;
  readonly now: () => number;
  readonly issuers: ReadonlyMap<string, Pick<IssuerPolicy, 'limits'>>;
  readonly circuits: () => readonly ServerHealth[];
  /** In ms. */
  readonly effectiveResyncMs: () => number;
  readonly version: string;
  /** Whether to tell of the process too: memory, CPU, event loop. */
  readonly isAboutProcess?: boolean;
}

const RESULTS: Readonly<Partial<Record<RotationEvent['event'], string>>> = {
  'rotation.done': 'done',
  'rotation.failed': 'failed',
  'rotation.blocked': 'blocked',
};

const STEP_BUCKETS_S = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Prometheus metrics. Names and labels hold what logs hold: never a secret. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #rotations: Counter<'application' | 'result'>;
  readonly #steps: Histogram<'step'>;
  readonly #listed: Gauge<'issuer' | 'kind'>;
  readonly #lookUp: () => readonly BoardEntry[];
  /** All applications as of the last time somebody asked. */
  #entries: readonly BoardEntry[] = [];

  constructor(sources: MetricsSources) {
    const registers = [this.#registry];
    this.#rotations = new Counter({
      name: 'rekeyd_rotations_total',
      help: 'Rotations by how they ended.',
      labelNames: ['application', 'result'],
      registers,
    });
    this.#steps = new Histogram({
      name: 'rekeyd_step_duration_seconds',
      help: 'How long the steps of rotations took.',
      labelNames: ['step'],
      buckets: STEP_BUCKETS_S,
      registers,
    });
    this.#listed = new Gauge({
      name: 'rekeyd_issuer_credentials',
      help: 'Credentials on the instance at the last list: ours, unclaimed (ours, but of no application of the policy) and foreign.',
      labelNames: ['issuer', 'kind'],
      registers,
    });
    this.#lookUp = () => sources.board.entries(sources.now());
    startAtZero(this.#rotations, this.#lookUp());
    addApplicationGauges(this.#registry, () => this.#entries, sources.now);
    addServerGauges(this.#registry, sources);
    if (sources.isAboutProcess) collectDefaultMetrics({ register: this.#registry });
  }

  /** Counts and times what an event tells of. */
  follow(event: RotationEvent): void {
    const result = RESULTS[event.event];
    if (result) this.#rotations.inc({ application: event.application, result });
    if (event.step && event.durationMs !== undefined)
      this.#steps.observe({ step: event.step }, event.durationMs / 1_000);
  }

  /** Takes what an issuer's newest list held. */
  noteListed(issuer: string, census: Census): void {
    for (const kind of CREDENTIAL_KINDS) this.#listed.set({ issuer, kind }, census[kind]);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in the text format of Prometheus. */
  render(): Promise<string> {
    this.#entries = this.#lookUp();
    return this.#registry.metrics();
  }
}

/** A counter that is not there until it counts hides its first increase from `rate()`. */
function startAtZero(rotations: Counter<'application' | 'result'>, entries: readonly BoardEntry[]): void {
  for (const { application } of entries) {
    for (const result of Object.values(RESULTS)) rotations.inc({ application, result }, 0);
  }
}

interface ApplicationGauge {
  readonly name: string;
  readonly help: string;
  /** Undefined: unknown, so nothing is shown. */
  readonly value: (entry: BoardEntry, now: number) => number | undefined;
}

const APPLICATION_GAUGES: readonly ApplicationGauge[] = [
  {
    name: 'rekeyd_credential_age_seconds',
    help: 'Age of the current credential since it was published.',
    value: ({ view }, now) => view?.current && (now - view.current.publishedAt) / 1_000,
  },
  {
    name: 'rekeyd_next_rotation_timestamp_seconds',
    help: 'When the current credential is due (Unix time).',
    value: ({ view }) => (view?.rotateAt === undefined ? undefined : view.rotateAt / 1_000),
  },
  {
    name: 'rekeyd_overdue_seconds',
    help: 'How long the current credential has been due; 0 while it is not.',
    value: (entry) => entry.overdueSeconds,
  },
  {
    name: 'rekeyd_strays',
    help: 'Credentials of this application that stand in no record yet.',
    value: ({ view }) => view?.strays,
  },
  {
    name: 'rekeyd_superseded',
    help: 'Earlier credentials of this application that still live or may live.',
    value: ({ view }) => view?.superseded.length,
  },
  {
    name: 'rekeyd_failures',
    help: 'Failed or blocked passes in a row.',
    value: (entry) => entry.failures,
  },
];

type Entries = () => readonly BoardEntry[];

function addApplicationGauges(registry: Registry, entries: Entries, now: () => number): void {
  for (const { name, help, value } of APPLICATION_GAUGES) {
    addGauge(registry, { name, help, labelNames: ['application'] }, (gauge) => {
      for (const entry of entries()) {
        const known = value(entry, now());
        if (known !== undefined) gauge.set({ application: entry.application }, known);
      }
    });
  }
  addStateGauge(registry, entries);
  addTroubleGauge(registry, entries);
}

function addStateGauge(registry: Registry, entries: Entries): void {
  const help = 'How the application stands: 1 for its state, 0 for all others.';
  const labelNames = ['application', 'state'];
  addGauge(registry, { name: 'rekeyd_application_state', help, labelNames }, (gauge) => {
    for (const { application, state } of entries()) {
      for (const each of STATES) gauge.set({ application, state: each }, each === state ? 1 : 0);
    }
  });
}

function addTroubleGauge(registry: Registry, entries: Entries): void {
  const help = 'What stands in the way of an application, or is worth a look (kind notice), by kind and stable code.';
  const labelNames = ['application', 'kind', 'code'];
  addGauge(registry, { name: 'rekeyd_application_trouble', help, labelNames }, (gauge) => {
    for (const { application, trouble, notices } of entries()) {
      if (trouble) gauge.set({ application, kind: trouble.kind, code: trouble.code }, 1);
      for (const { code } of notices) gauge.set({ application, kind: 'notice', code }, 1);
    }
  });
}

function addServerGauges(registry: Registry, sources: MetricsSources): void {
  const limit = { name: 'rekeyd_issuer_credentials_limit', help: 'The instance’s quota, where the policy names one.' };
  addGauge(registry, { ...limit, labelNames: ['issuer'] }, (gauge) => {
    for (const [issuer, { limits }] of sources.issuers) {
      if (limits.credentials !== undefined) gauge.set({ issuer }, limits.credentials);
    }
  });
  const circuit = {
    name: 'rekeyd_circuit_open',
    help: '1 while a server is only probed because it fails for everybody.',
  };
  addGauge(registry, { ...circuit, labelNames: ['server'] }, (gauge) => {
    for (const { server, isOpen } of sources.circuits()) gauge.set({ server }, isOpen ? 1 : 0);
  });
  const resync = { name: 'rekeyd_resync_seconds', help: 'How far apart the looks at one application really are.' };
  addGauge(registry, { ...resync, labelNames: [] }, (gauge) => gauge.set(sources.effectiveResyncMs() / 1_000));
  const build = { name: 'rekeyd_build_info', help: 'The version that runs.' };
  addGauge(registry, { ...build, labelNames: ['version'] }, (gauge) => gauge.set({ version: sources.version }, 1));
}

/** A gauge that is filled anew each time somebody asks. */
function addGauge(
  registry: Registry,
  about: { name: string; help: string; labelNames: readonly string[] },
  fill: (gauge: Gauge) => void,
): void {
  const { name, help, labelNames } = about;
  new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset();
      fill(this);
    },
  });
}
