import type { ApplicationPolicy } from '../policy/policy.ts';
import { rotateAt } from '../policy/schedule.ts';
import type { ApplicationView } from '../rotation/outcome.ts';

/** Something that will happen by itself if nothing comes between. */
export interface Coming {
  /** Unix ms. */
  readonly at: number;
  readonly application: string;
  readonly what: string;
}

/** Calls that one rotation costs: create and, after the grace, delete. */
export const ISSUER_CALLS_PER_ROTATION = 2;

/**
 * Rotations and revocations of one application until `until` (Unix ms), on from where it stands. Pure. A first or
 * missing credential counts as rotated at `now`.
 */
export function forecast(
  application: ApplicationPolicy,
  owner: string,
  view: ApplicationView | undefined,
  now: number,
  until: number,
): readonly Coming[] {
  const coming: Coming[] = [];
  const add = (at: number, what: string) => coming.push({ at, application: application.name, what });
  for (const { accessKeyId, revokeAt } of view?.superseded ?? []) {
    if (revokeAt !== null) add(Math.max(now, revokeAt), `revoke ${accessKeyId}`);
  }
  let generation = view?.generation ?? 0;
  let at = Math.max(now, view?.rotateAt ?? now);
  while (at <= until) {
    generation += 1;
    add(at, `rotate to generation ${generation}`);
    if (generation > 1) add(at + application.graceMs, `revoke generation ${generation - 1}`);
    at = rotateAt(application.rotate, at, { owner, application: application.name, generation });
  }
  return coming.filter((one) => one.at <= until).toSorted((a, b) => a.at - b.at);
}
