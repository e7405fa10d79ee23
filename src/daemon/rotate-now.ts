import { STOPPING } from '../rotation/attempt-errors.ts';
import { failedOutcome, type Outcome } from '../rotation/outcome.ts';
import type { Clock } from '../rotation/ports.ts';
import type { Engine } from './engine.ts';

/** More steps than ever stand before a rotation that was asked for: strays to enter, credentials to revoke, adoption. */
const MOST_STEPS = 8;

const GONE = {
  code: 'no-such-application',
  reason: 'the policy was changed and does not have this application any more',
  remedy: 'Put it back into the policy if it is to be rotated.',
};

/** Rotates at once; where another engine takes over meanwhile, by that one. `engine`: the one at work. */
export async function rotateNow(
  engine: () => Engine,
  application: string,
  clock: Pick<Clock, 'now'>,
): Promise<Outcome> {
  for (let steps = 1; ; steps += 1) {
    const asked = engine();
    if (!asked.policy.applications.has(application)) return failedOutcome(application, GONE, clock.now());
    const outcome = await asked.scheduler.request(application, { rotate: true, despite: [] });
    const isHandedOver = outcome.trouble?.code === STOPPING && asked !== engine();
    const isOver = outcome.did === 'rotated' || outcome.trouble !== undefined || steps >= MOST_STEPS;
    if (isOver && !isHandedOver) return outcome;
  }
}
