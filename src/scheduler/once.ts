import PQueue from 'p-queue';
import type { Policy } from '../policy/policy.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { Clock } from '../rotation/ports.ts';
import type { OperatorRequest, Rotator, Stoppable } from '../rotation/rotator.ts';
import { settle } from '../rotation/settle.ts';
import { SURVEY_BATCH } from './lane.ts';

export interface OnceOptions {
  readonly policy: Pick<Policy, 'applications' | 'issuers'>;
  readonly rotator: Rotator & Pick<Stoppable, 'quiesce'>;
  readonly clock: Clock;
  /** One that is named twice is looked after once. */
  readonly applications: readonly string[];
  readonly request?: OperatorRequest;
  /** Resolves when nothing more is to be begun; what cannot be left is brought to its end. */
  readonly stopped?: Promise<void>;
  /** Hears the end of each application. */
  readonly onOutcome: (outcome: Outcome, rotated: boolean) => void;
}

/** With so few passes of a batch waiting still, the next one is surveyed: soon enough, and its list is as young as can be. */
const WAITING_STILL = 200;

interface Run extends OnceOptions {
  isStopped: boolean;
  /** Applications. */
  begun: number;
}

/**
 * Everything that is to be done now, or was asked for, once: for timers and for commands. Each issuer's applications go
 * at its own concurrency, so a slow issuer delays only its own. Returns how many applications were not begun: more than
 * none only where it was stopped.
 */
export async function runOnce(options: OnceOptions): Promise<number> {
  const run: Run = { ...options, isStopped: false, begun: 0 };
  void options.stopped?.then(() => {
    run.isStopped = true;
    return options.rotator.quiesce();
  });
  const names = [...new Set(options.applications)];
  const byIssuer = Map.groupBy(names, (name) => options.policy.applications.get(name)?.issuer ?? '');
  await Promise.all([...byIssuer].map(([issuer, own]) => runIssuer(issuer, own, run)));
  return names.length - run.begun;
}

/**
 * One survey serves a whole batch with one list, so that none of its passes has to ask for another. The next batch is
 * surveyed while the last passes of the one before it wait their turn: the issuer's rate is not left unused meanwhile.
 */
async function runIssuer(issuer: string, names: readonly string[], run: Run): Promise<void> {
  const passes = new PQueue({ concurrency: run.policy.issuers.get(issuer)?.limits.concurrency ?? 1 });
  const under: Promise<unknown>[] = [];
  for (let from = 0; from < names.length && !run.isStopped; from += SURVEY_BATCH) {
    const batch = names.slice(from, from + SURVEY_BATCH);
    await run.rotator.survey(batch, async () => {});
    const ended = passes.addAll(batch.map((name) => () => runApplication(name, run)));
    under.push(ended);
    await Promise.race([passes.onSizeLessThan(WAITING_STILL), ended]);
  }
  await Promise.all(under);
}

async function runApplication(name: string, run: Run): Promise<void> {
  if (run.isStopped) return;
  run.begun += 1;
  const { rotator, clock, request, onOutcome } = run;
  const { last, did } = await settle(rotator, name, clock, request);
  onOutcome(last, did.includes('rotated'));
}
