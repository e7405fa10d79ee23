import type { VerifyPolicy } from '../policy/policy.ts';
import { PortError, problemOf } from './errors.ts';
import type { Clock, KeyPair, S3Target, Verifier } from './ports.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Tries a pair until it was accepted `successes` times in a row: a new key may take a while to spread, and one lucky
 * answer proves little. Returns how many tries that took. Throws `PortError` `verification-failed` (rejected) once
 * `timeout` is over.
 */
export async function verify(
  pair: KeyPair,
  target: S3Target,
  policy: VerifyPolicy,
  edges: { readonly verifier: Verifier; readonly clock: Clock },
): Promise<number> {
  const deadline = edges.clock.now() + policy.timeoutMs;
  let inARow = 0;
  let pause = FIRST_PAUSE_MS;
  for (let tries = 1; ; tries += 1) {
    const refusal = await tryOnce(pair, target, policy.buckets, edges.verifier);
    inARow = refusal === undefined ? inARow + 1 : 0;
    if (inARow >= policy.successes) return tries;
    const left = deadline - edges.clock.now();
    if (left <= 0)
      throw unverified(pair, target, refusal ?? 'too few successes in a row before the time was up', tries);
    if (refusal === undefined) continue;
    await edges.clock.sleep(Math.min(pause, left));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** Why it was not accepted; `undefined` where it was. */
async function tryOnce(
  pair: KeyPair,
  target: S3Target,
  buckets: readonly string[],
  verifier: Verifier,
): Promise<string | undefined> {
  try {
    const verdict = await verifier.probe(pair, target, buckets);
    return verdict.accepted ? undefined : `${verdict.why}: ${verdict.detail}`;
  } catch (error) {
    return problemOf(error).reason;
  }
}

function unverified(pair: KeyPair, target: S3Target, reason: string, tries: number): PortError {
  return new PortError({
    kind: 'rejected',
    code: 'verification-failed',
    attempted: `verify ${pair.accessKeyId} at ${target.endpoint}`,
    reason: `after ${tries} tries: ${reason}`,
    remedy:
      'See whether the endpoint and the buckets in the policy are right; a slow issuer needs a longer verify.timeout.',
    concerns: 'request',
  });
}
