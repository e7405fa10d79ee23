import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine, Program } from './program.ts';

const LOOK_EVERY_MS = 100;

/** Looks at what programs have logged until `isEnough` says so, and returns the lines of each. Throws where it never does. */
export async function untilLogged(
  programs: readonly Program[],
  isEnough: (logs: readonly (readonly LogLine[])[]) => boolean,
  timeoutMs: number,
): Promise<readonly (readonly LogLine[])[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const logs = await Promise.all(programs.map((program) => program.lines()));
    if (isEnough(logs)) return logs;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms; logged last: ${lastOf(logs)}`);
    await sleep(LOOK_EVERY_MS);
  }
}

function lastOf(logs: readonly (readonly LogLine[])[]): string {
  return logs.map((lines) => JSON.stringify(lines.at(-1))).join('\n');
}

/** Those of one event. */
export function linesOf(lines: readonly LogLine[], event: string): readonly LogLine[] {
  return lines.filter((line) => line.event === event);
}

/** When it was logged, Unix ms. */
export function timeOf({ time }: LogLine): number {
  return Date.parse(time ?? '');
}

/** From the first start of a rotation to the last end of one, in seconds. */
export function spanOf(lines: readonly LogLine[]): number {
  const starts = linesOf(lines, 'rotation.started').map(timeOf);
  const ends = linesOf(lines, 'rotation.done').map(timeOf);
  return (least(ends, -1) - least(starts)) / 1_000;
}

/** The smallest, or the largest with `sign` -1; of any number of values. */
function least(values: readonly number[], sign: 1 | -1 = 1): number {
  return sign * values.reduce((found, value) => Math.min(found, sign * value), Number.POSITIVE_INFINITY);
}
