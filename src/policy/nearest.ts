import { diff } from 'node:util';

/** The known name that a mistyped one most likely meant; `undefined` where none is near. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: distance(typed.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.ceil(name.length / 3)))
    .sort((left, right) => left.distance - right.distance);
  return ranked[0]?.name;
}

/** ` (did you mean "x"?)`, or nothing. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const name = nearest(typed, known);
  return name === undefined ? '' : `; did you mean ${JSON.stringify(name)}?`;
}

/** No name that is known here is longer. */
const LONGEST = 100;

/** Letters to remove and to add. Long names are never near anything, and comparing them would only cost time. */
function distance(left: string, right: string): number {
  const isLong = Math.max(left.length, right.length) > LONGEST;
  if (isLong || Math.abs(left.length - right.length) > 8) return Number.POSITIVE_INFINITY;
  return diff([...left], [...right]).filter(([operation]) => operation !== 0).length;
}
