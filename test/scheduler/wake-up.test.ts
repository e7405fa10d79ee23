import { expect, test } from 'vitest';
import { wakeUpAt } from '../../src/scheduler/wake-up.ts';
import { outcome, START, trouble } from './world.ts';

const TERMS = { source: 'lane', delayMs: 0, resyncMs: 300_000, failures: 1, random: 1, backoffFromMs: 5_000 } as const;
const failed = (retryAfterMs?: number) =>
  outcome('a', { trouble: { ...trouble('failed'), ...(retryAfterMs !== undefined && { retryAfterMs }) } });

test.each([
  ['no pause', undefined, 10_000],
  ['a pause longer than ours', 42_000, 42_000],
  ['a pause shorter than ours', 1_000, 10_000],
  ['a pause longer than an hour', 86_400_000, 3_600_000],
])('after a failure whose server asked for %s it waits the longer one, an hour at most', (_, asked, waits) => {
  expect(wakeUpAt(failed(asked), START, TERMS)).toBe(START + waits);
});
