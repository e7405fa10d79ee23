import { formatDuration } from '../policy/duration.ts';
import type { ApplicationPolicy, RotatePolicy } from '../policy/policy.ts';
import { rotateAt } from '../policy/schedule.ts';
import type { ApplicationView } from '../rotation/outcome.ts';

/** Something that will happen by itself if nothing comes between. */
export interface Coming {
  /** Unix ms. */
  readonly at: number;
  readonly application: string;
  readonly does: 'issue' | 'revoke';
  /** The same in words. */
  readonly what: string;
}

export interface Forecast {
  /** In the order of time. */
  readonly coming: readonly Coming[];
  /** Where there is more until then: how it goes on, as in `every 6s`. */
  readonly andSoOn?: string;
}

/** Steps of one application that are worked out one by one: more of them tell nobody anything. */
const MOST_STEPS = 1_000;

/**
 * Rotations and revocations of one application until `until` (Unix ms), on from where it stands; at most a thousand.
 * Pure. A first or missing credential counts as issued at `now`.
 */
export function forecast(
  application: ApplicationPolicy,
  owner: string,
  view: ApplicationView | undefined,
  now: number,
  until: number,
): Forecast {
  const coming: Coming[] = [];
  const add = (at: number, does: Coming['does'], what: string) => {
    if (at <= until) coming.push({ at, application: application.name, does, what: `${does} ${what}` });
  };
  for (const { accessKeyId, revokeAt } of view?.superseded ?? []) {
    if (revokeAt !== null) add(Math.max(now, revokeAt), 'revoke', accessKeyId);
  }
  let generation = view?.generation ?? 0;
  let at = Math.max(now, view?.rotateAt ?? now);
  while (at <= until && coming.length < MOST_STEPS) {
    generation += 1;
    add(at, 'issue', `generation ${generation}`);
    if (generation > 1) add(at + application.graceMs, 'revoke', `generation ${generation - 1}`);
    at = rotateAt(application.rotate, at, { owner, application: application.name, generation });
  }
  const isCut = at <= until;
  return {
    coming: coming.toSorted((a, b) => a.at - b.at).slice(0, MOST_STEPS),
    ...(isCut && { andSoOn: rhythmOf(application.rotate) }),
  };
}

function rhythmOf({ everyMs, cron }: RotatePolicy): string {
  return everyMs === undefined ? `at every date of ${JSON.stringify(cron)}` : `every ${formatDuration(everyMs)}`;
}
