import { calls } from './figures/calls.ts';
import { emergency } from './figures/emergency.ts';
import { fairness } from './figures/fairness.ts';
import { idle } from './figures/idle.ts';
import { lateness } from './figures/lateness.ts';
import { replicas } from './figures/replicas.ts';
import { scripts } from './figures/scripts.ts';
import { start } from './figures/start.ts';
import { throughput } from './figures/throughput.ts';
import type { Figure } from './support/figure.ts';

/** All of them, in the order in which they are measured and told. */
export const FIGURES: readonly Figure[] = [
  throughput,
  scripts,
  calls,
  idle,
  start,
  fairness,
  replicas,
  lateness,
  emergency,
];
