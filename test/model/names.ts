import type { Outside } from './outside.ts';

const numbers = new Map<string, number>();
const known = new WeakMap<object, number>();

/** The same number for everything of the same content. Worlds share most of their parts, so most are known already. */
function numberOf(part: object): number {
  const before = known.get(part);
  if (before !== undefined) return before;
  const text = JSON.stringify(part);
  const number = numbers.get(text) ?? numbers.size;
  numbers.set(text, number);
  known.set(part, number);
  return number;
}

/** The same name for worlds that are the same, and for no others. */
export function nameOf({ keys, secrets, before, mappings, flights, ...rest }: Outside): string {
  const versions = [secrets, before].map((at) => Object.entries(at).map(([path, one]) => [path, numberOf(one)]));
  return JSON.stringify([keys.map(numberOf), versions, numberOf(mappings), flights.map(numberOf), rest]);
}
