import PQueue from 'p-queue';
import { unmet } from './conditions.ts';
import { type Decision, decide } from './decide.ts';
import { type Problem, problemOf } from './errors.ts';
import { gather } from './gather.ts';
import { type Observation, observe, type Reading, read } from './observe.ts';
import type { Did, Outcome, Trouble } from './outcome.ts';
import { enterStrays, revoke } from './retire.ts';
import { adopt, republish, reschedule } from './rewrite.ts';
import { rotate } from './rotate.ts';
import type { Examination, Examiner, OperatorRequest, Rotator } from './rotator.ts';
import { type Situation, situate } from './situation.ts';
import { viewOf } from './view.ts';
import { wordsFor } from './words.ts';
import { siteOf, type World } from './world.ts';
import type { Written } from './write.ts';

/** Records read at once by one survey. */
const READS_AT_ONCE = 16;

export function openRotator(world: World): Rotator & Examiner {
  return new PassRotator(world);
}

/** What a reading left behind: while the record stays at this version, any list asked for after `mark` serves it. */
interface Sighting {
  readonly version: number;
  readonly mark: number;
}

/** What carrying out a decision led to. */
interface Effect {
  readonly did: Did;
  readonly written?: Written;
  readonly blocked?: Problem;
  readonly notices?: readonly Problem[];
}

class PassRotator implements Rotator, Examiner {
  readonly #world: World;
  readonly #sightings = new Map<string, Sighting>();

  constructor(world: World) {
    this.#world = world;
  }

  isSurveyed(application: string): boolean {
    const sighting = this.#sightings.get(application);
    if (!sighting) return false;
    return this.#world.lists.valid(this.#instanceOf(application), sighting.mark) !== undefined;
  }

  async survey(applications: readonly string[], pace: () => Promise<void>): Promise<readonly Outcome[]> {
    const reads = new PQueue({ concurrency: READS_AT_ONCE });
    const readings = await Promise.all(
      applications.map((name) => reads.add(() => pace().then(() => this.#tryTo(name, () => this.#read(name))))),
    );
    // only now, with every record read, is each list asked for: one then serves them all
    return Promise.all(
      readings.map((reading) =>
        'did' in reading ? reading : this.#tryTo(reading.application.name, () => this.#look(reading)),
      ),
    );
  }

  async pass(application: string, request?: OperatorRequest): Promise<Outcome> {
    return this.#tryTo(application, async () => {
      const reading = await this.#read(application);
      const observation = await this.#observe(reading, request !== undefined);
      return this.#carryOut(this.#situate(observation, request));
    });
  }

  async examine(application: string): Promise<Examination> {
    const examined = await this.#tryTo(application, async () => {
      const s = this.#situate(await this.#observe(await this.#read(application)), undefined);
      const outcome = this.#outcome(s, { did: 'nothing' });
      const why = s.observation.current.is === 'gone' ? 'gone' : 'due';
      return { outcome, unmet: unmet(await gather(s, { why, enter: [] }, this.#world)) };
    });
    return 'did' in examined ? { outcome: examined, unmet: [] } : examined;
  }

  #read(name: string): Promise<Reading> {
    const application = this.#world.applications.get(name);
    if (!application) throw new Error(`the policy has no application ${name}`);
    return read(application, this.#world);
  }

  async #observe(reading: Reading, anew = false): Promise<Observation> {
    const { name } = reading.application;
    const seen = this.#sightings.get(name);
    const mark = seen && !anew && seen.version === reading.stored.version ? seen.mark : reading.mark;
    const observation = await observe(reading, this.#world, mark);
    this.#sightings.set(name, { version: reading.stored.version, mark });
    return observation;
  }

  async #look(reading: Reading): Promise<Outcome> {
    const s = this.#situate(await this.#observe(reading), undefined);
    return this.#outcome(s, { did: 'nothing' });
  }

  async #carryOut(s: Situation): Promise<Outcome> {
    const { decision, notices } = decide(s);
    if (decision.do === 'wait' || decision.do === 'refuse') return this.#outcome(s, { did: 'nothing' });
    if (decision.do !== 'revoke') this.#sightings.delete(s.application.name);
    try {
      const effect = await carryOut(s, decision, this.#world);
      return effect.blocked ? this.#blocked(s, effect.blocked, notices) : this.#outcome(s, effect);
    } catch (error) {
      return this.#failed(s, decision, error, notices);
    }
  }

  /** What is true now, and what comes next; after a write both follow from what was written. */
  #outcome(s: Situation, effect: Effect): Outcome {
    const now = effect.written
      ? this.#situate(observationAfter(s.observation, effect.written, this.#world), undefined)
      : s;
    const { decision, notices } = decide(now);
    const refused = decision.do === 'refuse' ? { trouble: { kind: 'refused' as const, ...decision.refusal } } : {};
    return {
      application: s.application.name,
      did: effect.did,
      notices: [...notices, ...(effect.notices ?? [])],
      view: viewOf(now),
      ...nextOf(decision, this.#world.clock.now()),
      ...refused,
    };
  }

  #blocked(s: Situation, problem: Problem, notices: readonly Problem[]): Outcome {
    this.#world.report({ event: 'rotation.blocked', application: s.application.name, ...problem });
    return this.#troubled(s, { kind: 'blocked', ...problem }, notices);
  }

  #failed(s: Situation, decision: Decision, error: unknown, notices: readonly Problem[]): Outcome {
    const problem = problemOf(error);
    const event = decision.do === 'rotate' ? 'rotation.failed' : 'pass.failed';
    this.#world.report({ event, application: s.application.name, why: decision.do, ...problem });
    return this.#troubled(s, { kind: 'failed', ...problem }, notices);
  }

  #troubled(s: Situation, trouble: Trouble, notices: readonly Problem[]): Outcome {
    const nextAt = this.#world.clock.now();
    return {
      application: s.application.name,
      did: 'nothing',
      trouble,
      notices,
      view: viewOf(s),
      nextAt,
      next: 'try again',
    };
  }

  #situate(observation: Observation, request: OperatorRequest | undefined): Situation {
    const { clock, policyLoadedAt, replica } = this.#world;
    const { target } = siteOf(this.#world, observation.application);
    const revokedSince = revocationsSince(observation, this.#world);
    return situate(observation, { target, now: clock.now(), policyLoadedAt, request, revokedSince, replica });
  }

  /** Nothing is thrown at the scheduler: what goes wrong while looking is the application's trouble. */
  async #tryTo<T>(application: string, look: () => Promise<T>): Promise<T | Outcome> {
    try {
      return await look();
    } catch (error) {
      const problem = problemOf(error);
      this.#world.report({ event: 'pass.failed', application, step: 'observe', why: 'observe', ...problem });
      const trouble = { kind: 'failed' as const, ...problem };
      return { application, did: 'nothing', trouble, notices: [], nextAt: this.#world.clock.now(), next: 'try again' };
    }
  }

  #instanceOf(name: string): string {
    const application = this.#world.applications.get(name);
    return application ? siteOf(this.#world, application).issuer.instance : '';
  }
}

async function carryOut(s: Situation, decision: Decision, world: World): Promise<Effect> {
  switch (decision.do) {
    case 'enter-strays':
      return { did: 'entered-strays', written: await enterStrays(s, decision.strays, world) };
    case 'revoke':
      await revoke(s, decision.entries, world);
      return { did: 'revoked' };
    case 'adopt':
      return { did: 'adopted', written: await adopt(s, world) };
    case 'republish':
      return { did: 'republished', written: await republish(s, world) };
    case 'reschedule':
      return { did: 'rescheduled', written: await reschedule(s, world) };
    case 'rotate':
      return rotation(s, decision, world);
    case 'refuse':
    case 'wait':
      return { did: 'nothing' };
  }
}

async function rotation(s: Situation, decision: Extract<Decision, { do: 'rotate' }>, world: World): Promise<Effect> {
  const began = world.clock.now();
  const rotated = await rotate(s, decision, world);
  if ('blocked' in rotated) return { did: 'nothing', blocked: rotated.blocked };
  const { record, version } = rotated.written;
  world.report({
    event: 'rotation.done',
    application: s.application.name,
    issuer: s.application.issuer,
    instance: s.observation.instance,
    generation: record.generation,
    ...(record.credential && { credentialId: record.credential.id, accessKeyId: record.credential.access_key_id }),
    why: decision.why,
    version,
    rotateAt: Date.parse(record.rotate_at),
    durationMs: world.clock.now() - began,
  });
  return { did: 'rotated', written: rotated.written, notices: rotated.differs ? [rotated.differs] : [] };
}

/** What a look would see right after a write that certainly stands. */
function observationAfter(before: Observation, written: Written, world: World): Observation {
  const now = world.clock.now();
  const serverTime = before.stored.serverTime + (now - before.readAt);
  const { version, data, expiresAt } = written;
  const stored = { state: 'present' as const, version, serverTime, createdAt: serverTime, data };
  return {
    ...before,
    stored: expiresAt === undefined ? stored : { ...stored, expiresAt },
    record: { state: 'record', record: written.record },
    readAt: now,
    current: { is: written.record.credential ? 'listed' : 'none' },
  };
}

function revocationsSince({ record, lists }: Observation, world: World): ReadonlySet<string> {
  const superseded = record.state === 'record' ? record.record.superseded : [];
  const asked = superseded.filter((entry) => {
    const list = lists.get(entry.instance);
    return list !== undefined && world.lists.wasRevokedSince(list, entry.id);
  });
  return new Set(asked.map((entry) => entry.id));
}

function nextOf(decision: Decision, now: number): Pick<Outcome, 'nextAt' | 'next'> {
  if (decision.do === 'wait') return { nextAt: decision.until, next: decision.next };
  if (decision.do === 'refuse') return { nextAt: Number.POSITIVE_INFINITY, next: 'look again' };
  return { nextAt: now, next: wordsFor(decision) };
}
