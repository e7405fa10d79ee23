import { visible } from './visible.ts';

/** Where something stands in a policy file; line and column count from 1. */
export interface Place {
  /** As the person typed it, or relative to that. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * What is wrong at a place and what would be right. Never the value of something that may be a secret. Without line and
 * column it is about the file (or environment variable) as a whole.
 */
export interface Mistake extends Partial<Place> {
  readonly file: string;
  readonly message: string;
}

/** `file:line:column`, as editors and terminals understand it. */
export function placeText({ file, line, column }: Pick<Place, 'file'> & Partial<Place>): string {
  return line === undefined ? file : `${file}:${line}:${column}`;
}

/** A policy that cannot be used. `message` has one `file:line:column: message` per line, in order, each once. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const ordered = inOrder(mistakes);
    super(ordered.map((mistake) => visible(`${placeText(mistake)}: ${mistake.message}`)).join('\n'));
    this.mistakes = ordered;
  }
}

function inOrder(mistakes: readonly Mistake[]): Mistake[] {
  const distinct = new Map(mistakes.map((mistake) => [`${placeText(mistake)} ${mistake.message}`, mistake]));
  return [...distinct.values()].sort(byPlace);
}

function byPlace(left: Mistake, right: Mistake): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  const [line, column] = [(left.line ?? 0) - (right.line ?? 0), (left.column ?? 0) - (right.column ?? 0)];
  return line || column || (left.message < right.message ? -1 : 1);
}
