import { calls } from './figures/calls.ts';
import type { Figure } from './support/figure.ts';

/** All of them, in the order in which they are measured and told. */
export const FIGURES: readonly Figure[] = [calls];
