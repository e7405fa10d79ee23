import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { FailureKind } from '../rotation/errors.ts';
import type { RotationEvent } from '../rotation/events.ts';
import { eachInSlices, Slices } from '../slices.ts';
import type { Census } from './census.ts';
import { applicationFamilies, type RotationResult } from './metrics/application-families.ts';
import { daemonFamilies } from './metrics/daemon-families.ts';
import { type Family, headOf } from './metrics/family.ts';
import { Moment } from './metrics/moment.ts';
import { Pieces } from './metrics/pieces.ts';
import { serverFamilies } from './metrics/server-families.ts';
import type { MetricsSources } from './metrics/sources.ts';
import { resultFamily, Tally } from './metrics/tally.ts';

/** How a webhook's delivery went: `retried` is an attempt that failed and is made again, `dropped` one that is not. */
export type DeliveryResult = 'delivered' | 'retried' | 'dropped';

const ROTATION_RESULTS: Readonly<Partial<Record<RotationEvent['event'], RotationResult>>> = {
  'rotation.done': 'done',
  'rotation.failed': 'failed',
  'rotation.blocked': 'blocked',
};
const REVOCATION_RESULTS: Readonly<Partial<Record<RotationEvent['event'], 'done' | 'failed'>>> = {
  'credential.revoked': 'done',
  'revocation.failed': 'failed',
};

/** What a server's connection tells of itself; durations in ms, times Unix ms. */
interface ServerTraffic {
  readonly called: (result: 'ok' | FailureKind, durationMs: number) => void;
  readonly certified: (expiresAt: number) => void;
}

/** Endpoints come from records too, which anybody may have written. */
const MOST_SERVERS = 100;

const STEP_BUCKETS_S = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const CALL_BUCKETS_S = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** By Prometheus' conventions `_total` ends the names of counters only, and these are gauges. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Prometheus metrics. Names and labels hold what logs hold: never a secret. */
export class Metrics {
  readonly #sources: MetricsSources;
  readonly #elapsed: () => number;
  readonly #registry = new Registry();
  readonly #steps: Histogram<'step'>;
  readonly #calls: Histogram<'server' | 'result'>;
  readonly #rotations = new Tally<RotationResult>(['done', 'failed', 'blocked']);
  readonly #revocations = new Tally<'done' | 'failed'>(['done', 'failed']);
  readonly #deliveries = new Tally<DeliveryResult>(['delivered', 'retried', 'dropped']);
  readonly #lists = new Map<string, { readonly at: number; readonly census: Census }>();
  readonly #servers = new Set<string>();
  readonly #certificates = new Map<string, number>();

  /** `elapsed`: ms by a clock that nobody sets. */
  constructor(sources: MetricsSources, elapsed: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#elapsed = elapsed;
    const registers = [this.#registry];
    this.#steps = new Histogram({
      name: 'rekeyd_step_duration_seconds',
      help: 'How long the steps of rotations took.',
      labelNames: ['step'],
      buckets: STEP_BUCKETS_S,
      registers,
    });
    this.#calls = new Histogram({
      name: 'rekeyd_call_duration_seconds',
      help: 'How long the calls to servers took, by how they ended: ok, or the kind of failure.',
      labelNames: ['server', 'result'],
      buckets: CALL_BUCKETS_S,
      registers,
    });
    if (sources.isAboutProcess) addProcess(this.#registry);
  }

  /** Counts and times what an event tells of. */
  follow(event: RotationEvent): void {
    const rotation = ROTATION_RESULTS[event.event];
    if (rotation) this.#rotations.count(event.application, rotation);
    const revocation = REVOCATION_RESULTS[event.event];
    if (revocation) this.#revocations.count('', revocation);
    if (event.step && event.durationMs !== undefined)
      this.#steps.observe({ step: event.step }, event.durationMs / 1_000);
  }

  /** Takes what an issuer's newest list held. */
  noteListed(issuer: string, census: Census): void {
    this.#lists.set(issuer, { at: this.#sources.now(), census });
  }

  /** Takes how an attempt to deliver a webhook went. */
  noteDelivery(result: DeliveryResult): void {
    this.#deliveries.count('', result);
  }

  /** What hears how the calls to a server go. `server`: what people call it. */
  trafficOf(server: string): ServerTraffic {
    if (this.#servers.size < MOST_SERVERS) this.#servers.add(server);
    const name = this.#servers.has(server) ? server : 'others';
    return {
      called: (result, durationMs) => this.#calls.observe({ server: name, result }, durationMs / 1_000),
      certified: (expiresAt) => this.#certificates.set(name, expiresAt),
    };
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in the text format of Prometheus, as it stands now. */
  async render(): Promise<string> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces()) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  /**
   * The same in pieces of some ten kilobytes. Every few milliseconds the event loop goes on: more often, and whoever asks
   * waits for everybody else's work once for each piece.
   */
  async *pieces(): AsyncGenerator<Buffer> {
    const slices = new Slices(this.#elapsed);
    const pieces = new Pieces();
    for (const family of this.#families(await this.#moment(slices))) {
      yield* pieces.add(headOf(family));
      for (const text of family.texts()) {
        yield* pieces.add(text);
        if (slices.isOver) await slices.giveWay();
      }
    }
    yield* pieces.add(await this.#registry.metrics());
    yield pieces.rest();
  }

  async #moment(slices: Slices): Promise<Moment> {
    const { board, now } = this.#sources;
    const moment = new Moment(now(), board.size);
    await eachInSlices(board.each(moment.now), (entry) => moment.add(entry), slices);
    return moment;
  }

  #families(moment: Moment): readonly Family[] {
    return [
      ...daemonFamilies(this.#sources, moment),
      ...applicationFamilies(moment, this.#rotations),
      ...serverFamilies(this.#sources, { lists: this.#lists, certificates: this.#certificates }),
      resultFamily('rekeyd_revocations_total', 'Revocations by how they ended.', this.#revocations),
      resultFamily(
        'rekeyd_webhook_deliveries_total',
        'Attempts to deliver a webhook, by how they went.',
        this.#deliveries,
      ),
    ];
  }
}

function addProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
