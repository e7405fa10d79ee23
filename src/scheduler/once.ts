import PQueue from 'p-queue';
import type { Policy } from '../policy/policy.ts';
import type { Outcome } from '../rotation/outcome.ts';
import type { Clock } from '../rotation/ports.ts';
import type { OperatorRequest, Rotator } from '../rotation/rotator.ts';
import { settle } from '../rotation/settle.ts';
import { SURVEY_BATCH } from './lane.ts';

export interface OnceOptions {
  readonly policy: Pick<Policy, 'applications' | 'issuers'>;
  readonly rotator: Rotator;
  readonly clock: Clock;
  /** One that is named twice is looked after once. */
  readonly applications: readonly string[];
  readonly request?: OperatorRequest;
  /** Hears the end of each application. */
  readonly onOutcome: (outcome: Outcome, rotated: boolean) => void;
}

/**
 * Everything that is to be done now, or was asked for, once: for timers and for commands. Each issuer's applications go
 * at its own concurrency, so a slow issuer delays only its own.
 */
export async function runOnce(options: OnceOptions): Promise<void> {
  const names = [...new Set(options.applications)];
  const byIssuer = Map.groupBy(names, (name) => options.policy.applications.get(name)?.issuer ?? '');
  await Promise.all([...byIssuer].map(([issuer, own]) => runIssuer(issuer, own, options)));
}

/** One survey serves a whole batch with one list, so that none of its passes has to ask for another. */
async function runIssuer(issuer: string, names: readonly string[], options: OnceOptions): Promise<void> {
  const concurrency = options.policy.issuers.get(issuer)?.limits.concurrency ?? 1;
  for (let from = 0; from < names.length; from += SURVEY_BATCH) {
    const batch = names.slice(from, from + SURVEY_BATCH);
    await options.rotator.survey(batch, async () => {});
    const passes = new PQueue({ concurrency });
    await passes.addAll(batch.map((name) => () => runApplication(name, options)));
  }
}

async function runApplication(name: string, { rotator, clock, request, onOutcome }: OnceOptions): Promise<void> {
  const { last, did } = await settle(rotator, name, clock, request);
  onOutcome(last, did.includes('rotated'));
}
