import TinyQueue from 'tinyqueue';
import { failedOutcome, isFruitless, type Outcome } from '../rotation/outcome.ts';
import type { OperatorRequest } from '../rotation/rotator.ts';
import { Loan } from './loan.ts';
import type { SafeRotator } from './safe-rotator.ts';

/** No survey takes more applications than this. */
export const SURVEY_BATCH = 1_000;

/** In ms. All that becomes due within one waits in the same round. */
const ROUND_MS = 60_000;

export interface LaneOptions {
  /** Passes at once. */
  readonly concurrency: number;
  readonly rotator: SafeRotator;
  readonly now: () => number;
  /** This replica's order, 0 to 1: of those that wait, the application with the smallest value goes first. */
  readonly order: (application: string) => number;
  /** While it says so, due applications are held back; what people ask for goes ahead and fails at once. */
  readonly isHeld: () => boolean;
  /** Takes each outcome. The application is no longer in the lane's hand then. */
  readonly settle: (outcome: Outcome) => void;
  /** Starts work that `stop` waits for. */
  readonly launch: (work: () => Promise<void>) => void;
}

/** A due application. `busy`: a survey or a pass of it is under way; `left`: no longer in the lane. */
interface Job {
  readonly application: string;
  readonly order: number;
  stage: 'waiting' | 'busy' | 'left';
}

interface Asked {
  readonly application: string;
  readonly request: OperatorRequest;
  readonly resolve: (outcome: Outcome) => void;
}

const STOPPING = {
  code: 'stopping',
  reason: 'rekeyd is stopping and starts nothing any more',
  remedy: 'Ask again once it runs again.',
};

const atOnce = () => Promise.resolve();

/**
 * Everything one issuer's applications do: a few passes at once, in this replica's order, and one survey at a time for
 * the due ones that a pass could not judge yet. No lane waits for another.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #jobs = new Map<string, Job>();
  /** Surveyed, for all we know. */
  readonly #ready = new TinyQueue<Job>([], byOrder);
  readonly #unseen = new TinyQueue<Job>([], byOrder);
  #asked: Asked[] = [];
  /** What was lent to the resync is touched by nobody here until it is given back. */
  #loan = new Loan();
  #passes = 0;
  #isSurveying = false;
  #isStopped = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Takes a due application in hand. */
  add(application: string): void {
    if (this.#jobs.has(application)) return;
    const job: Job = { application, order: this.#turnOf(application), stage: 'waiting' };
    this.#jobs.set(application, job);
    this.#queue(job);
  }

  /**
   * Among those of the same minute this replica's order; whoever came in an earlier one goes first. Where more falls due
   * than can be done, the last of the order would otherwise never have its turn.
   */
  #turnOf(application: string): number {
    return Math.floor(this.#options.now() / ROUND_MS) + this.#options.order(application);
  }

  /** Lets nobody touch an application that something else is still busy with, until that has ended. */
  occupy(application: string, ended: Promise<void>, then: () => void): void {
    const job: Job = { application, order: 0, stage: 'busy' };
    this.#jobs.set(application, job);
    this.#options.launch(async () => {
      await ended;
      this.#leave(job);
      then();
      this.pump();
    });
  }

  /** A pass with that request as soon as nothing else is under way for that application. */
  ask(application: string, request: OperatorRequest): Promise<Outcome> {
    if (this.#isStopped) return Promise.resolve(this.#stopped(application));
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#asked.push({ application, request, resolve });
    this.#loan.need(application);
    return promise;
  }

  /** Starts whatever may start. */
  pump(): void {
    if (this.#isStopped) return;
    this.#startAsked();
    if (this.#jobs.size === 0 || this.#options.isHeld()) return;
    this.#startPasses();
    this.#startSurvey();
  }

  /** Starts nothing any more; what is under way ends by itself. */
  stop(): void {
    this.#isStopped = true;
    for (const one of this.#asked.splice(0)) one.resolve(this.#stopped(one.application));
  }

  /** Takes everything that waits out of the lane again. */
  takeWaiting(): string[] {
    const waiting = [...this.#jobs.values()].filter((job) => job.stage === 'waiting');
    for (const job of waiting) this.#leave(job);
    return waiting.map((job) => job.application);
  }

  /** Lends up to `count` of `names` that are not in hand; none of them is touched until `giveBack`. */
  lend(names: Iterable<string>, count: number): string[] {
    const lent: string[] = [];
    const asked = new Set(this.#asked.map((one) => one.application));
    for (const name of names) {
      if (!this.#jobs.has(name) && !asked.has(name)) lent.push(name);
      if (lent.length === count) break;
    }
    this.#loan = new Loan(lent);
    return lent;
  }

  /** Whether an application that was lent is needed now. */
  get isWantedBack(): boolean {
    return this.#loan.needed.size > 0;
  }

  /** Ends a loan. Returns whether an application became due or asked for meanwhile. */
  giveBack(): (application: string) => boolean {
    const { needed } = this.#loan;
    this.#loan = new Loan();
    for (const application of needed) {
      const job = this.#jobs.get(application);
      if (job) this.#queue(job);
    }
    return (application) => needed.has(application);
  }

  #queue(job: Job): void {
    if (this.#loan.has(job.application)) this.#loan.need(job.application);
    else if (this.#options.rotator.isSurveyed(job.application)) this.#ready.push(job);
    else this.#unseen.push(job);
  }

  #leave(job: Job): void {
    job.stage = 'left';
    this.#jobs.delete(job.application);
  }

  #startAsked(): void {
    const later: Asked[] = [];
    for (const one of this.#asked) {
      if (this.#passes < this.#options.concurrency && this.#isFree(one.application)) this.#startOne(one);
      else later.push(one);
    }
    this.#asked = later;
  }

  #isFree(application: string): boolean {
    return !this.#loan.has(application) && this.#jobs.get(application)?.stage !== 'busy';
  }

  #startOne({ application, request, resolve }: Asked): void {
    const waiting = this.#jobs.get(application);
    if (waiting) this.#leave(waiting);
    const job: Job = { application, order: 0, stage: 'busy' };
    this.#jobs.set(application, job);
    this.#startPass(job, async () => {
      const outcome = await this.#options.rotator.pass(application, request);
      resolve(outcome);
      return outcome;
    });
  }

  #startPasses(): void {
    while (this.#passes < this.#options.concurrency) {
      const job = this.#nextReady();
      if (!job) return;
      this.#startPass(job, () => this.#options.rotator.pass(job.application));
    }
  }

  #nextReady(): Job | undefined {
    for (let job = this.#ready.pop(); job; job = this.#ready.pop()) {
      if (job.stage !== 'waiting') continue;
      if (this.#options.rotator.isSurveyed(job.application)) return job;
      this.#unseen.push(job);
    }
    return undefined;
  }

  #startPass(job: Job, pass: () => Promise<Outcome>): void {
    job.stage = 'busy';
    this.#passes += 1;
    this.#options.launch(async () => {
      const outcome = await pass();
      this.#passes -= 1;
      this.#end(job, outcome);
      this.pump();
    });
  }

  /** A list is valid for a while only, so no more is surveyed than the passes will soon get to. */
  #startSurvey(): void {
    if (this.#isSurveying || this.#ready.length >= this.#options.concurrency) return;
    const batch = this.#nextUnseen();
    if (batch.length === 0) return;
    this.#isSurveying = true;
    for (const job of batch) job.stage = 'busy';
    this.#options.launch(async () => {
      const names = batch.map((job) => job.application);
      const outcomes = await this.#options.rotator.survey(names, atOnce);
      this.#isSurveying = false;
      batch.forEach((job, index) => {
        this.#endSurvey(job, outcomes[index] as Outcome);
      });
      this.pump();
    });
  }

  #nextUnseen(): Job[] {
    const batch: Job[] = [];
    for (let job = this.#unseen.pop(); job; job = this.#unseen.pop()) {
      if (job.stage === 'waiting') batch.push(job);
      if (batch.length === SURVEY_BATCH) break;
    }
    return batch;
  }

  /** What a survey found to be due has waited its time already and goes on to its pass. */
  #endSurvey(job: Job, outcome: Outcome): void {
    const { now, rotator } = this.#options;
    if (isFruitless(outcome, now()) && rotator.isSurveyed(job.application)) {
      job.stage = 'waiting';
      this.#ready.push(job);
    } else this.#end(job, outcome);
  }

  #stopped(application: string): Outcome {
    return failedOutcome(application, STOPPING, this.#options.now());
  }

  #end(job: Job, outcome: Outcome): void {
    this.#leave(job);
    this.#options.settle(outcome);
  }
}

function byOrder(a: Job, b: Job): number {
  return a.order - b.order;
}
