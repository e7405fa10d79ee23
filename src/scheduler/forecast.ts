import { formatDuration } from '../policy/duration.ts';
import type { ApplicationPolicy, RotatePolicy } from '../policy/policy.ts';
import { nextWindowOpening, rotateAt } from '../policy/schedule.ts';
import type { ApplicationView, Outcome } from '../rotation/outcome.ts';

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

/** What a forecast leans on: how an application stands, and what is to be done with it first. */
export type Standing = Pick<Outcome, 'view' | 'deed' | 'trouble'>;

/** Steps of one application that are worked out one by one: more of them tell nobody anything. */
const MOST_STEPS = 1_000;

/**
 * Rotations and revocations of one application until `until` (Unix ms), on from where it stands; at most a thousand.
 * Pure. A first or missing credential counts as issued at `now`, and one that is to be adopted as adopted then. What is
 * in trouble does nothing by itself, but for the revocations of what was retired.
 */
export function forecast(
  application: ApplicationPolicy,
  owner: string,
  standing: Standing,
  now: number,
  until: number,
): Forecast {
  const { trouble } = standing;
  if (trouble && trouble.code !== 'retired') return { coming: [] };
  const rotated = trouble ? NO_ROTATIONS : rotations(application, owner, standing, now, until);
  const coming = [...revocations(application, standing, now), ...rotated.coming].filter(({ at }) => at <= until);
  const isCut = rotated.isCut || coming.length > MOST_STEPS;
  return {
    coming: coming.toSorted((a, b) => a.at - b.at).slice(0, MOST_STEPS),
    ...(isCut && { andSoOn: rhythmOf(application.rotate) }),
  };
}

/** Of what is superseded now; what a renaming takes over with it only a person revokes. */
function revocations({ name }: ApplicationPolicy, { view, deed }: Standing, now: number): readonly Coming[] {
  if (!view || deed === 'adopt') return [];
  return view.superseded.flatMap(({ accessKeyId, revokeAt }) =>
    revokeAt === null ? [] : [step(name, Math.max(heldUntil(view, now), revokeAt), 'revoke', accessKeyId)],
  );
}

interface Rotations {
  readonly coming: readonly Coming[];
  /** Whether there are more in that time. */
  readonly isCut: boolean;
}

const NO_ROTATIONS: Rotations = { coming: [], isCut: false };

function rotations(
  { name, rotate, graceMs }: ApplicationPolicy,
  owner: string,
  standing: Standing,
  now: number,
  until: number,
): Rotations {
  const coming: Coming[] = [];
  const dateAfter: DateAfter = (from, generation) => rotateAt(rotate, from, { owner, application: name, generation });
  let { generation, at, isOurs } = beginning(rotate, standing, now, dateAfter);
  while (at <= until && coming.length < MOST_STEPS) {
    const revokeAt = Math.max(heldUntil(standing.view, now), at + graceMs);
    coming.push(step(name, at, 'issue', `generation ${generation + 1}`));
    if (isOurs) coming.push(step(name, revokeAt, 'revoke', `generation ${generation}`));
    generation += 1;
    isOurs = true;
    at = dateAfter(at, generation);
  }
  return { coming, isCut: at <= until };
}

/** When a credential of that generation falls due that was published at `from`. */
type DateAfter = (from: number, generation: number) => number;

/** What the first rotation supersedes, and when it comes. */
interface Beginning {
  readonly generation: number;
  readonly at: number;
  /** Whether there is anything that is revoked without a person. */
  readonly isOurs: boolean;
}

function beginning(rotate: RotatePolicy, standing: Standing, now: number, dateAfter: DateAfter): Beginning {
  const { view, deed } = standing;
  const generation = view?.generation ?? 0;
  // a renaming keeps the generation and the date of the record
  if (deed === 'adopt' && generation === 0) return { generation: 1, at: dateAfter(now, 1), isOurs: false };
  const isOurs = generation > 0 && deed !== 'adopt' && view?.current?.adopted !== true;
  return { generation, at: firstDate(rotate, standing, now), isOurs };
}

/** What is first, missing or gone waits neither for the end of a hold nor for a window. */
function firstDate(rotate: RotatePolicy, { view, deed }: Standing, now: number): number {
  if (deed === 'rotate' || view?.rotateAt === undefined) return now;
  return nextWindowOpening(rotate, Math.max(heldUntil(view, now), view.rotateAt));
}

/** Until then nothing is rotated by schedule or revoked; `now` where nobody holds it. */
function heldUntil(view: ApplicationView | undefined, now: number): number {
  return Math.max(now, view?.hold?.until ?? now);
}

function step(application: string, at: number, does: Coming['does'], what: string): Coming {
  return { at, application, does, what: `${does} ${what}` };
}

function rhythmOf({ everyMs, cron }: RotatePolicy): string {
  return everyMs === undefined ? `at every date of ${JSON.stringify(cron)}` : `every ${formatDuration(everyMs)}`;
}
