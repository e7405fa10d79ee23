import { act, type Deed, type Effect, mirrorOf } from './act.ts';
import { observationAfter } from './aftermath.ts';
import { amend } from './amend.ts';
import { STOPPING, stopping } from './attempt-errors.ts';
import { unmetForIssue } from './conditions.ts';
import { type Decision, decide, type Verdict } from './decide.ts';
import { type Problem, troubleOf } from './errors.ts';
import type { EventName } from './events.ts';
import { gatherForIssue } from './gather.ts';
import { type Observation, observe, type Reading, read } from './observe.ts';
import { failedOutcome, type Outcome, type Trouble } from './outcome.ts';
import { rememberUsed, revocationsOf } from './remembered.ts';
import type {
  Amender,
  Amending,
  Amendment,
  Examination,
  Examiner,
  OperatorRequest,
  Rotator,
  Stoppable,
} from './rotator.ts';
import { sideBySide } from './side-by-side.ts';
import { StoreSilences } from './silence.ts';
import { type Situation, situate } from './situation.ts';
import { viewOf } from './view.ts';
import { wordsFor } from './words.ts';
import { siteOf, type World } from './world.ts';

/** Records read at once by one survey. */
const READS_AT_ONCE = 16;
/** Of what was read: an instance that lost its list must not have a thousand credentials tried at S3 at once. */
const LOOKS_AT_ONCE = 16;

/** `silences`: what an earlier rotator of this process remembers of the store. */
export function openRotator(world: World, silences = new StoreSilences()): Rotator & Examiner & Amender & Stoppable {
  return new PassRotator(world, silences);
}

const NOTHING: Effect = { did: 'nothing' };

/** What a reading left behind: while the record stays at this version, any list asked for after `mark` serves it. */
interface Sighting {
  readonly version: number;
  readonly mark: number;
}

class PassRotator implements Rotator, Examiner, Amender, Stoppable {
  readonly #world: World;
  readonly #sightings = new Map<string, Sighting>();
  readonly #acts = new Map<string, Promise<unknown>>();
  readonly #silences: StoreSilences;
  #isStopping = false;

  constructor(world: World, silences: StoreSilences) {
    this.#world = world;
    this.#silences = silences;
  }

  isSurveyed(application: string): boolean {
    const sighting = this.#sightings.get(application);
    if (!sighting) return false;
    return this.#world.lists.valid(this.#instanceOf(application), sighting.mark) !== undefined;
  }

  async survey(applications: readonly string[], pace: () => Promise<void>): Promise<readonly Outcome[]> {
    const readings = await sideBySide(READS_AT_ONCE, applications, async (name) => {
      await pace();
      return this.#tryTo(name, () => this.#read(name));
    });
    // only now, with every record read, is each list asked for: a new one, and one for all of them
    return sideBySide(LOOKS_AT_ONCE, readings, async (reading) =>
      'did' in reading ? reading : this.#tryTo(reading.application.name, () => this.#look(reading)),
    );
  }

  async pass(application: string, request?: OperatorRequest): Promise<Outcome> {
    return this.#tryTo(application, async () => this.#carryOut(await this.#lookAnew(application, request)));
  }

  async amend(application: string, amendment: Amendment): Promise<Amending> {
    const amending = await this.#tryTo(application, async () => {
      if (this.#isStopping) throw stopping(application);
      const look = () => this.#lookAnew(application);
      const { s, written, trouble } = await this.#during(application, amend(amendment, look, this.#world));
      if (written) await mirrorOf(s, written, this.#world);
      const outcome = written ? this.#after(s, { did: 'amended', written }) : this.#outcome(s, decide(s), NOTHING);
      return trouble ? { outcome: { ...outcome, trouble }, stands: false } : { outcome, stands: true };
    });
    return 'did' in amending ? { outcome: amending, stands: false } : amending;
  }

  get acting(): readonly string[] {
    return [...this.#acts.keys()];
  }

  async ended(application: string): Promise<void> {
    await Promise.allSettled([this.#acts.get(application)]);
  }

  async quiesce(): Promise<void> {
    this.#isStopping = true;
    await Promise.allSettled(this.#acts.values());
  }

  async examine(application: string): Promise<Examination> {
    const examined = await this.#tryTo(application, async () => {
      const s = this.#situate(await this.#observe(await this.#read(application)), undefined);
      const outcome = this.#outcome(s, decide(s), NOTHING);
      return { outcome, unmet: unmetForIssue(await gatherForIssue(s, { strays: [], why: 'stray' }, this.#world)) };
    });
    return 'did' in examined ? { outcome: examined, unmet: [] } : examined;
  }

  async #read(name: string, anew = false): Promise<Reading> {
    const { applications, clock } = this.#world;
    const application = applications.get(name);
    if (!application) throw new Error(`the policy has no application ${name}`);
    try {
      const reading = await read(application, this.#world, anew);
      this.#silences.answered(clock.now());
      return reading;
    } catch (error) {
      this.#silences.failed(error, clock.now());
      throw error;
    }
  }

  async #lookAnew(application: string, request?: OperatorRequest): Promise<Situation> {
    return this.#situate(await this.#observe(await this.#read(application, true)), request);
  }

  /** While the record stays at the version that was seen, the list that was asked for since then still serves. */
  async #observe(reading: Reading): Promise<Observation> {
    const seen = this.#sightings.get(reading.application.name);
    const mark = seen?.version === reading.stored.version ? seen.mark : reading.mark;
    return this.#see(reading, mark);
  }

  async #see(reading: Reading, mark: number): Promise<Observation> {
    const observation = await observe(reading, this.#world, mark);
    this.#sightings.set(reading.application.name, { version: reading.stored.version, mark });
    return observation;
  }

  async #look(reading: Reading): Promise<Outcome> {
    const s = this.#situate(await this.#see(reading, reading.mark), undefined);
    return this.#outcome(s, decide(s), NOTHING);
  }

  async #carryOut(s: Situation): Promise<Outcome> {
    const verdict = decide(s);
    const { decision, notices } = verdict;
    if (decision.do === 'wait' || decision.do === 'refuse') return this.#outcome(s, verdict, NOTHING);
    if (decision.do !== 'revoke') this.#sightings.delete(s.application.name);
    try {
      const effect = await this.#act(s, decision);
      if (effect.blocked) return this.#troubled(s, { kind: 'blocked', ...effect.blocked }, decision, notices);
      return this.#after(s, effect);
    } catch (error) {
      return this.#troubled(s, troubleOf(error), decision, notices);
    }
  }

  async #act(s: Situation, decision: Deed): Promise<Effect> {
    if (this.#isStopping) throw stopping(s.application.name);
    return this.#during(s.application.name, act(s, decision, this.#world));
  }

  /** Whoever ends this process waits for it. */
  #during<T>(application: string, acting: Promise<T>): Promise<T> {
    this.#acts.set(application, acting);
    return acting.finally(() => this.#acts.delete(application));
  }

  #after(s: Situation, effect: Effect): Outcome {
    const after = this.#situate(observationAfter(s.observation, effect.written, this.#world), undefined);
    return this.#outcome(after, decide(after), effect);
  }

  /** What is true now, and what comes next. */
  #outcome(s: Situation, { decision, notices }: Verdict, effect: Effect): Outcome {
    const refused = decision.do === 'refuse' ? { trouble: { kind: 'refused' as const, ...decision.refusal } } : {};
    return {
      application: s.application.name,
      did: effect.did,
      notices: [...notices, ...(effect.notices ?? [])],
      view: viewOf(s),
      ...deedOf(decision),
      ...nextOf(decision, this.#world.clock.now()),
      ...refused,
    };
  }

  #troubled(s: Situation, trouble: Trouble, decision: Decision, notices: readonly Problem[]): Outcome {
    if (trouble.code !== STOPPING) this.#tellTrouble(s, trouble, decision);
    const failed = failedOutcome(s.application.name, trouble, this.#world.clock.now());
    return { ...failed, ...deedOf(decision), trouble, notices, view: viewOf(s) };
  }

  #tellTrouble(s: Situation, trouble: Trouble, decision: Decision): void {
    const { code, reason, remedy } = trouble;
    const generation = decision.do === 'rotate' ? decision.generation : s.record?.generation;
    this.#world.report({
      event: troubleEvent(trouble, decision),
      application: s.application.name,
      issuer: s.application.issuer,
      instance: s.observation.instance,
      ...(generation !== undefined && { generation }),
      why: decision.do,
      code,
      reason,
      remedy,
    });
  }

  #situate(observation: Observation, request: OperatorRequest | undefined): Situation {
    const { clock, policyLoadedAt, replica } = this.#world;
    const { target } = siteOf(this.#world, observation.application);
    const revocations = revocationsOf(observation, this.#world, this.#silences);
    const s = situate(observation, { target, now: clock.now(), policyLoadedAt, request, replica, ...revocations });
    rememberUsed(s, this.#world);
    return s;
  }

  /** Nothing is thrown at the scheduler: what goes wrong while looking is the application's trouble. */
  async #tryTo<T>(application: string, look: () => Promise<T>): Promise<T | Outcome> {
    try {
      return await look();
    } catch (error) {
      const trouble = troubleOf(error);
      const { code, reason, remedy } = trouble;
      const { issuer } = this.#world.applications.get(application) ?? {};
      this.#world.report({
        event: 'pass.failed',
        application,
        ...(issuer !== undefined && { issuer }),
        why: 'observe',
        code,
        reason,
        remedy,
      });
      return failedOutcome(application, trouble, this.#world.clock.now());
    }
  }

  #instanceOf(name: string): string {
    const application = this.#world.applications.get(name);
    return application ? siteOf(this.#world, application).issuer.instance : '';
  }
}

function troubleEvent({ kind }: Trouble, decision: Decision): EventName {
  if (kind === 'blocked') return 'rotation.blocked';
  return decision.do === 'rotate' ? 'rotation.failed' : 'pass.failed';
}

function deedOf({ do: deed }: Decision): Pick<Outcome, 'deed'> {
  return deed === 'wait' || deed === 'refuse' ? {} : { deed };
}

function nextOf(decision: Decision, now: number): Pick<Outcome, 'nextAt' | 'next'> {
  if (decision.do === 'wait') return { nextAt: decision.until, next: decision.next };
  if (decision.do === 'refuse') return { nextAt: Number.POSITIVE_INFINITY, next: 'look again' };
  return { nextAt: now, next: wordsFor(decision) };
}
