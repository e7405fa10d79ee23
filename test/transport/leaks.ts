import { inspect } from 'node:util';

/** Everything that any printing of a value could show: inspected to its depth, hidden members and causes too, and JSON. */
export function visible(value: unknown): string {
  const causes: unknown[] = [];
  for (let at = value; at instanceof Error; at = at.cause) causes.push(at.message, at.stack, { ...at });
  return (
    inspect([value, causes], { depth: Infinity, showHidden: true, getters: true }) + JSON.stringify([value, causes])
  );
}
