import { expect, test } from 'vitest';
import { PortError } from '../../src/rotation/errors.ts';
import type { Verdict } from '../../src/rotation/ports.ts';
import { verify } from '../../src/rotation/verify.ts';
import { StillClock } from './memory.ts';
import { pairOf, TARGET } from './scene.ts';

const accepted: Verdict = { accepted: true };
const unknown: Verdict = { accepted: false, why: 'unknown-key', detail: 'InvalidAccessKeyId' };
const noAnswer = new PortError({
  kind: 'ambiguous',
  code: 's3-unanswered',
  attempted: 'list buckets',
  reason: 'no answer',
  remedy: 'wait',
  concerns: 'server',
});

/** Verifies against these answers in turn; the last one repeats. */
async function against(answers: readonly (Verdict | PortError)[], successes = 2, timeoutMs = 60_000) {
  const clock = new StillClock(0);
  const asked: (readonly string[])[] = [];
  const verifier = {
    reach: async () => {},
    probe: async (_pair: unknown, _target: unknown, buckets: readonly string[]) => {
      const answer = answers[Math.min(asked.push(buckets), answers.length) - 1] ?? unknown;
      if (answer instanceof PortError) throw answer;
      return answer;
    },
  };
  const policy = { timeoutMs, successes, buckets: ['invoices'] };
  const ended = verify(pairOf('AK1'), TARGET, policy, { verifier, clock }).then(
    (tries) => ({ tries, error: undefined }),
    (error: unknown) => ({ tries: asked.length, error }),
  );
  return { ...(await ended), took: clock.now(), slept: clock.slept, asked };
}

test('takes as many successes in a row as asked for, and tries every bucket each time', async () => {
  const { tries, asked, took } = await against([accepted], 3);
  expect(tries).toBe(3);
  expect(asked).toEqual([['invoices'], ['invoices'], ['invoices']]);
  expect(took).toBe(0);
});

test('a failure in between starts the count anew', async () => {
  expect((await against([accepted, unknown, accepted, accepted])).tries).toBe(4);
});

test('no answer at all is tried again like a refusal', async () => {
  expect((await against([noAnswer, noAnswer, accepted])).tries).toBe(4);
});

test('gives up once the time is over, as a definite no that says what was seen last', async () => {
  const { error, took } = await against([unknown], 2, 10_000);
  expect(error).toMatchObject({ kind: 'rejected', code: 'verification-failed', concerns: 'request' });
  expect(String(error)).toContain('InvalidAccessKeyId');
  expect(error).toMatchObject({
    attempted: expect.stringMatching(/AK1.*https:/),
    remedy: expect.stringMatching(/\w{3}/),
  });
  expect(took).toBe(10_000);
});

test('waits longer between tries the longer it takes, up to five seconds', async () => {
  const { slept } = await against([unknown], 2, 20_000);
  expect(slept).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 2_250]);
});

test('pauses grow, so that a slow key is not hammered', async () => {
  const { tries } = await against([unknown], 2, 60_000);
  expect(tries).toBeLessThan(20);
});

test('a key that is accepted at the very end still has to be accepted often enough', async () => {
  const { error } = await against([...Array<Verdict>(100).fill(unknown), accepted], 2, 1_000);
  expect(error).toBeInstanceOf(PortError);
});
