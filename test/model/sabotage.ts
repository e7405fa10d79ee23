/** What somebody might make of the heart by mistake: one change each, and the promise that it must be seen to break. */

export interface Patch {
  /** Below `src/rotation/`. */
  readonly file: string;
  /** Occurs exactly once in the file; else the test says so. */
  readonly find: string;
  readonly replace: string;
}

export interface Sabotage {
  /** The rule of the design that it breaks, or what of `decide` it takes away. */
  readonly against: string;
  readonly patches: readonly Patch[];
  /** In which scene it shows, and as which promise. */
  readonly scene: string;
  readonly breaks: RegExp;
}

export const patch = (file: string, find: string, replace: string): Patch => ({ file, find, replace });
