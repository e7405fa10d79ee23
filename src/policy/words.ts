import { z } from 'zod';
import { didYouMean } from './nearest.ts';

type Issue = z.core.$ZodRawIssue;

/**
 * What a zod issue means, for a person who never heard of zod. A schema's own words come first; this is for the rest.
 * Never shows a text that was written: it may be a secret in the wrong place. One line per unknown key.
 */
export function inPlainWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.input, wantedOf(issue.expected), z.globalRegistry.get(schemaOf(issue))?.description);
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, knownKeys(issue))).join('\n');
    case 'invalid_value':
      return oneOf(issue.input, issue.values);
    case 'invalid_union':
      return oneOf(
        discriminatorOf(issue.input, issue.discriminator),
        Array.isArray(issue.options) ? issue.options : [],
      );
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is not a name';
    case 'too_small':
      return typeof issue.input === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty';
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    default:
      return issue.message ?? 'will not do';
  }
}

const WANTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function wantedOf(expected: string): string {
  return WANTED[expected] ?? expected;
}

function wrongType(input: unknown, wanted: string, description: string | undefined): string {
  if (input === undefined) return description === undefined ? 'is missing' : `is missing (${asRemark(description)})`;
  return input === null ? `is empty; it must be ${wanted}` : `must be ${wanted}, not ${kindOf(input)}`;
}

/** `Name of an issuer.` → `name of an issuer`, but `API key.` → `API key`. */
function asRemark(description: string): string {
  const text = description.replace(/\.$/, '');
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function kindOf(input: unknown): string {
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'number' || typeof input === 'boolean') return String(input);
  return typeof input === 'string' ? 'a text' : 'a mapping';
}

function unknownKey(key: string, known: readonly string[]): string {
  const hint = didYouMean(key, known);
  return `unknown key ${JSON.stringify(key)}${hint === '' ? `; known here: ${known.join(', ')}` : hint}`;
}

function oneOf(input: unknown, values: readonly unknown[]): string {
  const names = values.map(String);
  const [only] = names;
  if (names.length === 1) return input === undefined ? `is missing; it must be ${only}` : `must be ${only}`;
  const wanted = `one of ${names.join(', ')}`;
  if (input === undefined) return `is missing; it must be ${wanted}`;
  return typeof input === 'string'
    ? `must be ${wanted}${didYouMean(input, names)}`
    : `must be ${wanted}, not ${kindOf(input)}`;
}

function discriminatorOf(input: unknown, discriminator: string | undefined): unknown {
  if (typeof input !== 'object' || input === null || discriminator === undefined) return undefined;
  return Object.getOwnPropertyDescriptor(input, discriminator)?.value;
}

function schemaOf(issue: Issue): z.core.$ZodType {
  return issue.inst instanceof z.core.$ZodType ? issue.inst : z.never();
}

function knownKeys(issue: Issue): string[] {
  const schema = issue.inst;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
