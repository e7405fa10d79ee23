import { nextWindowOpening, windowOpen } from '../policy/schedule.ts';
import { isAdoptedByName } from './adoption.ts';
import { mappingDiffers, mayBeRewritten, scheduleDiffers } from './drift.ts';
import type { Problem } from './errors.ts';
import { expiryDue, mayRotateBySchedule, needsRenewal } from './lifetime.ts';
import { nextGeneration } from './marker.ts';
import { noticesOf } from './notices.ts';
import type { RotationRecord, Superseded } from './record.ts';
import { liftsRefusal, nothingToLift, refusalOf, strayBeyond } from './refusals.ts';
import { isOutOfSight, livingEntries, revocable } from './revocation.ts';
import { clocksDisagree, highestGeneration, isHeld, isOldStray, type Situation, strayAgeMs } from './situation.ts';
import type { Entering } from './superseded.ts';

export type RotateReason = 'requested' | 'first' | 'expired' | 'gone' | 'due';

/** What to do about an application, and why. */
export type Decision =
  | { readonly do: 'refuse'; readonly refusal: Problem }
  | { readonly do: 'enter-strays'; readonly entering: Entering }
  | { readonly do: 'revoke'; readonly entries: readonly Superseded[] }
  | { readonly do: 'renew' }
  | { readonly do: 'adopt' }
  | {
      readonly do: 'rotate';
      readonly why: RotateReason;
      readonly generation: number;
      /** What the publish takes into `superseded` besides the current credential. */
      readonly entering: Entering;
    }
  | { readonly do: 'republish' }
  | { readonly do: 'reschedule' }
  /** `until`: Unix ms; Infinity: nothing is ahead but the next resync. */
  | { readonly do: 'wait'; readonly until: number; readonly next: string };

export interface Verdict {
  readonly decision: Decision;
  readonly notices: readonly Problem[];
}

type Choice = (s: Situation) => Decision | undefined;

/** The order is the protocol: refuse, enter strays, revoke, renew, then everything that needs a living application. */
const CHOICES: readonly Choice[] = [
  refuse,
  lift,
  enterStrays,
  revoke,
  renew,
  refuseIssue,
  adopt,
  rotate,
  republish,
  reschedule,
];

/** Pure: the same situation always gives the same decision. */
export function decide(s: Situation): Verdict {
  return { decision: firstChoice(s) ?? wait(s), notices: noticesOf(s) };
}

function firstChoice(s: Situation): Decision | undefined {
  for (const choice of CHOICES) {
    const decision = choice(s);
    if (decision) return decision;
  }
  return undefined;
}

function refuse(s: Situation): Decision | undefined {
  // lifting one refusal lifts no other: a retired application stays retired unless that is named too
  const refusal = refusalOf(s, 'all') ?? nothingToLift(s) ?? (liftsRefusal(s) ? refusalOf(s, 'issue') : undefined);
  return refusal && { do: 'refuse', refusal };
}

/** A person lifted the refusal that stood here: the way out is always a new credential. */
function lift(s: Situation): Decision | undefined {
  return liftsRefusal(s) ? rotation(s, 'requested') : undefined;
}

/** Without a record there is nothing to enter them into: then the first publish does. */
function enterStrays(s: Situation): Decision | undefined {
  if (!s.record || strayBeyond(s, s.record)) return undefined;
  const old = s.strays.filter((stray) => isOldStray(s, stray));
  return old.length > 0 ? { do: 'enter-strays', entering: { strays: old, why: 'stray' } } : undefined;
}

function revoke(s: Situation): Decision | undefined {
  const entries = revocable(s);
  return entries.length > 0 ? { do: 'revoke', entries } : undefined;
}

function renew(s: Situation): Decision | undefined {
  return needsRenewal(s) ? { do: 'renew' } : undefined;
}

function refuseIssue(s: Situation): Decision | undefined {
  const refusal = refusalOf(s, 'issue');
  return refusal && { do: 'refuse', refusal };
}

function adopt(s: Situation): Decision | undefined {
  const handMade = !s.record && s.application.adopt === true && s.observation.stored.state === 'present';
  const isGone = s.observation.current.is === 'gone';
  const renamed = s.record !== undefined && !isGone && isAdoptedByName(s, s.record) && !isNamedAsPolicy(s, s.record);
  return handMade || renamed ? { do: 'adopt' } : undefined;
}

function isNamedAsPolicy(s: Situation, record: RotationRecord): boolean {
  return record.owner === s.bearer.owner && record.application === s.bearer.application;
}

const ROTATE_REASONS: Readonly<Record<RotateReason, (s: Situation) => boolean>> = {
  requested: (s) => s.request?.rotate ?? false,
  first: (s) => !s.record && (s.observation.stored.state === 'absent' || s.observation.stored.state === 'present'),
  expired: (s) => s.observation.stored.state === 'expired',
  gone: (s) => s.observation.current.is === 'gone',
  due: (s) => s.record !== undefined && mayRotateBySchedule(s) && isDue(s, s.record),
};

function rotate(s: Situation): Decision | undefined {
  const reasons = Object.entries(ROTATE_REASONS) as [RotateReason, (s: Situation) => boolean][];
  const [why] = reasons.find(([, applies]) => applies(s)) ?? [];
  return why && rotation(s, why);
}

/** Strays from beyond a restored record may be in use: they are shown until a person decides. */
function rotation(s: Situation, why: RotateReason): Decision {
  const beyond = s.record !== undefined && strayBeyond(s, s.record) !== undefined;
  const entersAll = !s.record || beyond || liftsRefusal(s);
  const generation = nextGeneration(beyond || !s.record ? highestGeneration(s) : s.record.generation);
  const entering: Entering = { strays: entersAll ? s.strays : [], why: beyond ? 'behind' : 'stray' };
  return { do: 'rotate', why, generation, entering };
}

/** When the application is to be rotated: as stored, or earlier where the store will delete the secret by itself. */
function dueAt(s: Situation, record: RotationRecord): number {
  return Math.min(Date.parse(record.rotate_at), expiryDue(s));
}

function isDue(s: Situation, record: RotationRecord): boolean {
  if (s.now >= expiryDue(s)) return true;
  return s.now >= Date.parse(record.rotate_at) && windowOpen(s.application.rotate, s.now);
}

function republish(s: Situation): Decision | undefined {
  return s.record && mappingDiffers(s, s.record) && mayRewrite(s) ? { do: 'republish' } : undefined;
}

function reschedule(s: Situation): Decision | undefined {
  return s.record && scheduleDiffers(s, s.record) && mayRewrite(s) ? { do: 'reschedule' } : undefined;
}

function mayRewrite(s: Situation): boolean {
  return mayBeRewritten(s) && !clocksDisagree(s) && s.observation.current.is === 'listed';
}

/** The next moment at which something is to be done; what stands in the way now is looked at again by the resync. */
function wait(s: Situation): Decision {
  const upcoming = upcomingDates(s).filter(({ at }) => at > s.now);
  const first = upcoming.reduce((a, b) => (b.at < a.at ? b : a), NOTHING_AHEAD);
  return { do: 'wait', until: first.at, next: first.what };
}

interface Upcoming {
  readonly at: number;
  readonly what: string;
}

const NOTHING_AHEAD: Upcoming = { at: Number.POSITIVE_INFINITY, what: 'look again' };

function upcomingDates(s: Situation): readonly Upcoming[] {
  if (!s.record) return [];
  const held = isHeld(s) && s.record.hold;
  const planned = held
    ? [
        { at: bothPast(s, Date.parse(held.until)), what: 'the hold ends' },
        { at: bothPast(s, expiryDue(s)), what: 'write the secret once more' },
      ]
    : [...rotationDates(s, s.record), ...revocationDates(s)];
  return [...planned, ...strayDates(s)];
}

function rotationDates(s: Situation, record: RotationRecord): readonly Upcoming[] {
  const due = dueAt(s, record);
  if (due > s.now) return [{ at: due, what: 'rotate' }];
  return [{ at: nextWindowOpening(s.application.rotate, s.now), what: 'rotate when the window opens' }];
}

/** What must be past by both clocks comes when the slower one gets there. */
function bothPast(s: Situation, time: number): number {
  return time + (s.now - s.earliest);
}

function revocationDates(s: Situation): readonly Upcoming[] {
  return livingEntries(s).flatMap((entry) => {
    if (entry.revoke_at === null || isOutOfSight(s, entry)) return [];
    const at = s.putOff.get(entry.id)?.until ?? bothPast(s, Date.parse(entry.revoke_at));
    return [{ at, what: `revoke ${entry.access_key_id}` }];
  });
}

function strayDates(s: Situation): readonly Upcoming[] {
  const age = strayAgeMs(s.application);
  return s.strays.map((stray) => ({ at: bothPast(s, stray.marker.attemptedAt + age) + 1, what: 'enter strays' }));
}
