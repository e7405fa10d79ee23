import type { Did, Outcome } from './outcome.ts';
import type { Clock } from './ports.ts';
import type { OperatorRequest, Rotator } from './rotator.ts';

/** More steps than one application ever needs in a row: enter strays, revoke, renew, adopt, rotate, republish. */
const MOST_PASSES = 8;

/**
 * Passes over one application until nothing is left to do now, something stands in the way, or what was asked for is
 * done. For commands: one more replica that acts once.
 */
export async function settle(
  rotator: Rotator,
  application: string,
  clock: Clock,
  request?: OperatorRequest,
): Promise<{ readonly last: Outcome; readonly did: readonly Did[] }> {
  const did: Did[] = [];
  let last = await rotator.pass(application, request);
  for (let passes = 1; ; passes += 1) {
    if (last.did !== 'nothing') did.push(last.did);
    const asked = request && !did.includes('rotated') ? request : undefined;
    const finished = last.trouble !== undefined || (!asked && last.nextAt > clock.now());
    if (finished || (request && !asked) || passes >= MOST_PASSES) return { last, did };
    last = await rotator.pass(application, asked);
  }
}
