import { buildParts, type Parts } from '../../src/parts.ts';
import type { ApplicationPolicy, IssuerLimits, IssuerPolicy, Policy } from '../../src/policy/policy.ts';
import type { RotationEvent } from '../../src/rotation/events.ts';
import type { Outcome } from '../../src/rotation/outcome.ts';
import type { Clock, SecretData } from '../../src/rotation/ports.ts';
import { type RotationRecord, readRecord } from '../../src/rotation/record.ts';
import type { OperatorRequest } from '../../src/rotation/rotator.ts';
import { settle } from '../../src/rotation/settle.ts';
import { type GlesysStandIn, startGlesys } from '../../src/sandbox/glesys.ts';
import type { MadeCredential } from '../../src/sandbox/glesys-account.ts';
import { MemoryKeyRing } from '../../src/sandbox/keyring.ts';
import { type S3StandIn, startS3 } from '../../src/sandbox/s3.ts';
import { startVault, type VaultStandIn } from '../../src/sandbox/vault/vault.ts';
import { cryptoHex, systemClock } from '../../src/system.ts';
import { applicationOf } from './policies.ts';

/** Time that stands still until a test moves it; whoever sleeps moves it too, so nothing ever waits. */
export class StageClock implements Clock {
  #now: number;
  #servers = 0;

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.#now += ms;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  /** Sets rekeyd's clock forward or back; the servers' goes on as it was. */
  step(ms: number): void {
    this.#now += ms;
    this.#servers -= ms;
  }

  /** The clock of the servers. */
  get servers(): Clock {
    return { now: () => this.#now + this.#servers, sleep: (ms) => this.sleep(ms) };
  }
}

export const START = Date.parse('2026-03-10T12:00:00Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const INSTANCE = 'os-stage';

export interface StageOptions {
  readonly applications?: Readonly<Record<string, Partial<ApplicationPolicy>>>;
  readonly issuer?: Partial<IssuerPolicy>;
  /** More issuers, each for one of these instances. */
  readonly moreInstances?: readonly string[];
  readonly limits?: Partial<IssuerLimits>;
  readonly vault?: Partial<Policy['vault']>;
}

/** The three stand-ins, spoken to over HTTP by the real adapters, on a clock of the test's own. */
export class Stage {
  readonly clock: StageClock;
  readonly events: RotationEvent[] = [];
  readonly #options: StageOptions;
  readonly #parts: Parts[] = [];

  static async open(options: StageOptions = {}): Promise<Stage> {
    const clock = new StageClock(START);
    const keys = new MemoryKeyRing(clock.servers, cryptoHex);
    const glesys = await startGlesys({ clock: clock.servers, ring: keys });
    // the AWS SDK signs by the machine's clock, so S3 runs on that one
    const s3 = await startS3({ ring: keys, clock: systemClock });
    const vault = await startVault({ clock: clock.servers });
    return new Stage(options, { clock, keys, glesys, s3, vault });
  }

  readonly keys: MemoryKeyRing;
  readonly glesys: GlesysStandIn;
  readonly s3: S3StandIn;
  readonly vault: VaultStandIn;
  readonly instance = INSTANCE;

  private constructor(
    options: StageOptions,
    on: { clock: StageClock; keys: MemoryKeyRing; glesys: GlesysStandIn; s3: S3StandIn; vault: VaultStandIn },
  ) {
    this.#options = options;
    this.clock = on.clock;
    this.keys = on.keys;
    this.glesys = on.glesys;
    this.s3 = on.s3;
    this.vault = on.vault;
    this.glesys.account.addInstance(INSTANCE);
  }

  /** One more replica, or the same one started anew, with what differs in its policy. */
  replica(name = 'replica-1', change: StageOptions = {}): Replica {
    const policy = this.policy(change);
    const parts = buildParts(policy, {
      clock: this.clock,
      random: cryptoHex,
      replica: name,
      report: (event) => this.events.push(event),
      policyLoadedAt: this.clock.now(),
      env: {},
    });
    this.#parts.push(parts);
    return new Replica(parts, this.clock);
  }

  policy(change: StageOptions = {}): Policy {
    const { glesys, s3, vault } = this;
    const applications = { ...(this.#options.applications ?? { billing: {} }), ...change.applications };
    const issuer = {
      name: 'sto1',
      type: 'glesys' as const,
      project: glesys.project,
      apiKey: { made: glesys.apiKey },
      instance: INSTANCE,
      api: glesys.url,
      endpoint: s3.url,
      region: 'sandbox',
      limits: { concurrency: 4, perSecond: 1000, ...this.#options.limits, ...change.limits },
      ...this.#options.issuer,
      ...change.issuer,
    };
    return {
      file: 'stage.yaml',
      owner: 'acme',
      issuers: new Map([
        ['sto1', issuer],
        ...(change.moreInstances ?? []).map((instance) => [instance, { ...issuer, name: instance, instance }] as const),
      ]),
      vault: {
        address: vault.url,
        mount: 'secret',
        auth: { method: 'token', token: { made: vault.rootToken } },
        ...this.#options.vault,
        ...change.vault,
      },
      applications: new Map(
        Object.entries(applications).map(([name, more]) => [name, applicationOf({ name, ...more })]),
      ),
      scheduler: { resyncMs: 300_000, spreadMs: 0 },
      http: { listen: { host: '127.0.0.1', port: 0 } },
      log: { level: 'silent' },
      webhooks: [],
      warnings: [],
    };
  }

  /** What stands at an application's path; undefined where nothing can be read. */
  secret(application = 'billing'): SecretData | undefined {
    return this.vault.vault.kv2().peek(`apps/${application}`) as SecretData | undefined;
  }

  record(application = 'billing'): RotationRecord {
    const reading = readRecord(this.secret(application) ?? {});
    if (reading.state !== 'record') throw new Error(`no record at apps/${application}: ${reading.state}`);
    return reading.record;
  }

  /** A new version, as somebody else would write it. */
  handWrite(data: SecretData, application = 'billing'): void {
    this.vault.vault.kv2().poke(`apps/${application}`, data as never);
  }

  live(): readonly MadeCredential[] {
    return this.glesys.account.credentials(INSTANCE);
  }

  /** Whether what Vault holds for the application works at S3 now. */
  works(application = 'billing'): boolean {
    const { access_key_id: id } = this.secret(application) ?? {};
    return this.live().some((credential) => credential.accessKeyId === id);
  }

  eventNames(): string[] {
    return this.events.map(({ event }) => event);
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map((parts) => parts.close()));
    await Promise.all([this.glesys.close(), this.s3.close(), this.vault.close()]);
  }
}

/** One replica on the stage. */
export class Replica {
  readonly parts: Parts;
  readonly #clock: Clock;

  constructor(parts: Parts, clock: Clock) {
    this.parts = parts;
    this.#clock = clock;
  }

  /** One pass. */
  pass(application = 'billing', request?: OperatorRequest): Promise<Outcome> {
    return this.parts.rotator.pass(application, request);
  }

  /** Passes until nothing is left to do. */
  async settle(application = 'billing', request?: OperatorRequest): Promise<Outcome> {
    return (await settle(this.parts.rotator, application, this.#clock, request)).last;
  }
}
