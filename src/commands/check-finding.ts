import type { Mistake } from '../policy/mistakes.ts';
import { type Problem, problemOf } from '../rotation/errors.ts';
import type { Concern } from './concerns.ts';
import { type Paint, paint } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapped } from './wrap.ts';

/** One thing that was tried. */
export interface Finding {
  readonly what: string;
  readonly is: 'ok' | 'warning' | 'wrong';
  readonly problem?: Problem;
  readonly durationMs?: number;
  /** Of one application: many may have the same problem, and then it is told once. */
  readonly of?: Pick<Concern, 'application' | 'path'>;
  /** One of so many that are well that only their sum is told to a person. */
  readonly isOneOfMany?: boolean;
}

export type Found = (finding: Finding) => void;

/** `work` may return a word about what it found. */
export async function attempt(what: string, found: Found, work: () => Promise<unknown>): Promise<boolean> {
  const began = performance.now();
  const durationMs = () => Math.round(performance.now() - began);
  try {
    const word = await work();
    found({ what: typeof word === 'string' ? `${what}: ${word}` : what, is: 'ok', durationMs: durationMs() });
    return true;
  } catch (error) {
    found({ what, is: 'wrong', problem: problemOf(error), durationMs: durationMs() });
    return false;
  }
}

export const SIGNS: Readonly<Record<Finding['is'], readonly [Paint, string]>> = {
  ok: ['green', 'ok     '],
  warning: ['yellow', 'warning'],
  wrong: ['red', 'wrong  '],
};

const INDENT = ' '.repeat(9);

export function lineOf({ what, is, problem, durationMs }: Finding, terminal: Terminal): string {
  const [colour, sign] = SIGNS[is];
  const time = durationMs === undefined ? '' : ` (${durationMs} ms)`;
  const wrap = (text: string) => wrapped(text, terminal.columns, INDENT);
  const line = wrap(`${sign}  ${what}${problem ? `: ${problem.code}` : ''}${time}`).slice(sign.length);
  const words = problem ? [problem.reason, problem.remedy].filter((text) => text !== '') : [];
  const lines = [paint(colour, sign, terminal) + line, ...words.map((text) => wrap(INDENT + text))];
  return `${lines.join('\n')}\n`;
}

export function findingsAsJson(findings: readonly Finding[]): string {
  const lines = findings.map(({ what, is, problem, durationMs }) => ({ what, is, problem, duration_ms: durationMs }));
  return `${JSON.stringify(lines, null, 2)}\n`;
}

/** Mistakes of the policy as findings, each with its place. */
export function mistakesAsJson(mistakes: readonly Mistake[]): string {
  const lines = mistakes.map(({ file, line, column, message }) => {
    const problem: Problem = { code: 'policy-mistake', reason: message, remedy: '' };
    return { what: 'policy', is: 'wrong', problem, file, line, column, message };
  });
  return `${JSON.stringify(lines, null, 2)}\n`;
}
