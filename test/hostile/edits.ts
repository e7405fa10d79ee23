import fc from 'fast-check';
import { nastyJson, nastyText } from './texts.ts';

/** JSON as it is written: members may stand there twice, and a value may be no JSON at all. */
type Written = { members: [string, Written][] } | { items: Written[] } | { text: string };

/** One change somewhere in a JSON text; `at` counts its values, round and round. */
export interface Edit {
  readonly at: number;
  readonly how: 'set' | 'drop' | 'double' | 'rename' | 'double-and-set' | 'wrap';
  readonly json: string;
  readonly name: string;
}

export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    at: fc.nat(400),
    how: fc.constantFrom<Edit['how']>('set', 'set', 'set', 'drop', 'double', 'rename', 'double-and-set', 'wrap'),
    json: nastyJson,
    name: nastyText,
  }),
  { minLength: 1, maxLength: 3 },
);

/** A JSON text with these changes; what is no JSON stays as it is. */
export function edited(text: string, changes: readonly Edit[]): string {
  const root: Written = { items: [] };
  try {
    root.items.push(readable(JSON.parse(text)));
  } catch {
    return text;
  }
  for (const change of changes) apply(root, change);
  return root.items.map(written).join('');
}

function readable(value: unknown): Written {
  if (Array.isArray(value)) return { items: value.map(readable) };
  if (typeof value !== 'object' || value === null) return { text: JSON.stringify(value) };
  return { members: Object.entries(value).map(([name, one]) => [name, readable(one)]) };
}

function written(value: Written): string {
  if ('text' in value) return value.text;
  if ('items' in value) return `[${value.items.map(written).join(',')}]`;
  return `{${value.members.map(([name, one]) => `${JSON.stringify(name)}:${written(one)}`).join(',')}}`;
}

interface Slot {
  readonly around: Exclude<Written, { text: string }>;
  readonly index: number;
}

function slotsIn(around: Written): Slot[] {
  if ('text' in around) return [];
  const inner = 'items' in around ? around.items : around.members.map(([, value]) => value);
  return inner.flatMap((value, index) => [{ around, index }, ...slotsIn(value)]);
}

function apply(root: Written, { at, how, json, name }: Edit): void {
  const slots = slotsIn(root);
  const slot = slots[at % Math.max(1, slots.length)];
  if (!slot) return;
  const { around, index } = slot;
  const value: Written = { text: json };
  if ('items' in around) {
    const old = around.items[index] ?? value;
    const becomes = {
      set: [value],
      drop: [],
      double: [old, old],
      rename: [value, old],
      'double-and-set': [old, value],
    };
    around.items.splice(index, 1, ...(how === 'wrap' ? [{ items: [old] }] : becomes[how]));
    return;
  }
  const [key, old] = around.members[index] ?? [name, value];
  const becomes: Record<Edit['how'], [string, Written][]> = {
    set: [[key, value]],
    drop: [],
    double: [
      [key, old],
      [key, old],
    ],
    rename: [[name, old]],
    'double-and-set': [
      [key, old],
      [key, value],
    ],
    wrap: [[key, { items: [old] }]],
  };
  around.members.splice(index, 1, ...becomes[how]);
}
