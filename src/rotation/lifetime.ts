import { clocksDisagree, isHeld, isOurRecord, type Situation } from './situation.ts';

/**
 * When the application is due because the store will delete the secret by itself: one grace before that (Unix ms, by
 * the store's clock). Infinity: the store keeps it.
 */
export function expiryDue(s: Situation): number {
  return endsAt(s) - s.application.graceMs;
}

function endsAt({ observation: { stored } }: Situation): number {
  return (stored.state === 'present' ? stored.expiresAt : undefined) ?? Number.POSITIVE_INFINITY;
}

/**
 * Whether the secret is to be written once more as it is, so that the store's time for it starts anew: it would be
 * deleted soon, and no rotation may replace it (a hold, clocks apart, an unclear list, out of service). With the secret
 * the record would be lost: the hold, who was retired, what only a person revokes.
 */
export function needsRenewal(s: Situation): boolean {
  return !mayRotateBySchedule(s) && !s.request?.rotate && isRenewable(s) && endsWithin(s, s.application.graceMs);
}

/** Two of the longest pauses between attempts that fail, in ms: one of them falls into it. */
const TWO_PAUSES_MS = 7_200_000;

/** Whether the store deletes the secret so soon that it is to outlive an attempt to replace it that failed. */
export function isPressing(s: Situation): boolean {
  const { graceMs } = s.application;
  return isRenewable(s) && endsWithin(s, Math.max(graceMs / 2, Math.min(graceMs, TWO_PAUSES_MS)));
}

/** Whether anything but the time and the window may hold a scheduled rotation back. */
export function mayRotateBySchedule(s: Situation): boolean {
  return s.observation.current.is === 'listed' && !isHeld(s) && !clocksDisagree(s);
}

function isRenewable(s: Situation): boolean {
  return s.record !== undefined && isOurRecord(s, s.record) && s.observation.current.is !== 'gone';
}

/** By the store's own clock: it is the one that deletes. */
function endsWithin(s: Situation, ms: number): boolean {
  return s.observation.stored.serverTime >= endsAt(s) - ms;
}
