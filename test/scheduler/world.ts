import type { ApplicationPolicy, IssuerPolicy, Policy } from '../../src/policy/policy.ts';
import { PortError } from '../../src/rotation/errors.ts';
import type { Outcome, Trouble } from '../../src/rotation/outcome.ts';
import type { OperatorRequest, Rotator } from '../../src/rotation/rotator.ts';
import { Scheduler, type SchedulerOptions } from '../../src/scheduler/scheduler.ts';

export const START = Date.parse('2026-01-01T00:00:00Z');
export const DAY = 86_400_000;

/** A clock that moves only when told to. */
export class TestClock {
  at = START;
  now = () => this.at;
  sleep = () => Promise.resolve();
}

export function outcome(application: string, over: Partial<Outcome> = {}): Outcome {
  return { application, did: 'nothing', notices: [], nextAt: START + 30 * DAY, next: 'it is due', ...over };
}

export function trouble(kind: Trouble['kind'], code = 'some-code'): Trouble {
  return { kind, code, reason: 'it does not work', remedy: 'Mend it.' };
}

export function serverError(code = 'http-500'): PortError {
  return new PortError({
    kind: 'ambiguous',
    concerns: 'server',
    code,
    attempted: 'list the credentials of os-ab123',
    reason: 'the server answered 500',
    remedy: 'Look at its status page.',
  });
}

type Answer = Partial<Outcome> | Promise<Partial<Outcome>>;

/** A rotator that records what is asked of it and answers as told. */
export class FakeRotator implements Rotator {
  readonly surveys: string[][] = [];
  readonly passes: string[] = [];
  readonly requests: (OperatorRequest | undefined)[] = [];
  readonly surveyed = new Set<string>();
  readonly inHand = new Set<string>();
  most = 0;
  #passing = 0;
  paced = 0;
  surveyAnswer: (application: string) => Answer = () => ({});
  passAnswer: (application: string, time: number) => Answer = () => ({});

  isStopping = false;

  async quiesce(): Promise<void> {
    this.isStopping = true;
  }

  isSurveyed(application: string): boolean {
    return this.surveyed.has(application);
  }

  async survey(applications: readonly string[], pace: () => Promise<void>): Promise<readonly Outcome[]> {
    this.surveys.push([...applications]);
    for (const name of applications) this.#take(name);
    const outcomes: Outcome[] = [];
    for (const name of applications) {
      await pace();
      this.paced += 1;
      outcomes.push(outcome(name, await this.surveyAnswer(name)));
      this.surveyed.add(name);
    }
    for (const name of applications) this.inHand.delete(name);
    return outcomes;
  }

  async pass(application: string, request?: OperatorRequest): Promise<Outcome> {
    this.passes.push(application);
    this.requests.push(request);
    this.#take(application);
    this.#passing += 1;
    this.most = Math.max(this.most, this.#passing);
    const times = this.passes.filter((name) => name === application).length;
    const answer = await this.passAnswer(application, times);
    this.#passing -= 1;
    this.inHand.delete(application);
    return outcome(application, answer);
  }

  #take(name: string): void {
    if (this.inHand.has(name)) throw new Error(`${name} is in hand already`);
    this.inHand.add(name);
  }
}

/** An answer that comes when it is let go. */
export function gate<T>() {
  return Promise.withResolvers<T>();
}

export interface Fleet {
  readonly [issuer: string]: readonly string[];
}

export function policyOf(fleet: Fleet, over: { resyncMs?: number; spreadMs?: number; concurrency?: number } = {}) {
  const limits = { concurrency: over.concurrency ?? 4, perSecond: 100 };
  const rotate = { everyMs: 30 * DAY, jitterMs: 0, timezone: 'UTC' };
  const issuers = Object.keys(fleet).map((name) => [name, { name, limits } as IssuerPolicy] as const);
  const applications = Object.entries(fleet).flatMap(([issuer, names]) =>
    names.map((name) => [name, { name, issuer, path: `apps/${name}`, rotate } as ApplicationPolicy] as const),
  );
  return {
    issuers: new Map(issuers),
    applications: new Map(applications),
    scheduler: { resyncMs: over.resyncMs ?? 300_000, spreadMs: over.spreadMs ?? 0 },
  } satisfies Pick<Policy, 'applications' | 'issuers' | 'scheduler'>;
}

/** A scheduler over a fake rotator, beaten by hand. */
export function engine(fleet: Fleet, over: Partial<SchedulerOptions> & Parameters<typeof policyOf>[1] = {}) {
  const clock = new TestClock();
  const rotator = new FakeRotator();
  const outcomes: Outcome[] = [];
  const scheduler = new Scheduler({
    replica: 'replica-1',
    policy: policyOf(fleet, over),
    rotator,
    clock,
    random: () => 1,
    onOutcome: (each) => outcomes.push(each),
    pace: () => Promise.resolve(),
    ...over,
  });
  return {
    clock,
    rotator,
    outcomes,
    scheduler,
    /** Moves the clock, beats once, and waits for everything that this started. */
    async beat(ms = 0) {
      clock.at += ms;
      scheduler.tick();
      await scheduler.idle();
    },
  };
}

/** Lets everything that can run without outside help run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
