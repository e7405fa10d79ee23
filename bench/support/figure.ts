import type { Servers } from './servers.ts';

/** One measured quantity: a value per round, and what it is to be. */
export interface Measure {
  readonly what: string;
  /** One per round, in the order of the rounds. */
  readonly values: readonly number[];
  /** `×` for a ratio. */
  readonly unit: string;
  readonly aim?: { readonly atLeast: number } | { readonly atMost: number };
  /** Held by the light run too, generously: beyond it something collapsed, and the run fails. */
  readonly bound?: { readonly atLeast: number } | { readonly atMost: number };
}

/** One line of a picture: points of x and y. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Curve {
  /** Its file's name, without `.svg`. */
  readonly file: string;
  readonly title: string;
  readonly x: { readonly label: string; readonly isLogarithmic?: boolean };
  readonly y: { readonly label: string; readonly isLogarithmic?: boolean };
  readonly lines: readonly Line[];
}

export interface Findings {
  readonly measures: readonly Measure[];
  readonly curves?: readonly Curve[];
  /** What a reader of the numbers should know, a sentence each. */
  readonly remarks?: readonly string[];
}

/** What a figure measures with. */
export interface Bench {
  /** Short and small: to notice a collapse, not to be published. */
  readonly isLight: boolean;
  /** How often A B is measured. */
  readonly rounds: number;
  /** rekeyd as the container has it. */
  readonly program: string;
  /** Keeps what Node compiled. */
  readonly compiled: string;
  /** A new folder. */
  dir(name: string): Promise<string>;
  /** New stand-ins in a process of their own, ended with the figure. */
  servers(): Promise<Servers>;
  /** Tells how far it is. */
  say(text: string): void;
}

export interface Figure {
  /** Whether a light run has it. */
  readonly hasLight?: boolean;
  /** As `--only` names it. */
  readonly name: string;
  readonly title: string;
  measure(bench: Bench): Promise<Findings>;
}
