import type { Parts } from '../parts.ts';
import { request } from '../request.ts';
import type { Problem } from '../rotation/errors.ts';
import type { S3Target } from '../rotation/ports.ts';
import { attempt, type Found } from './check-finding.ts';

/** Whether it answers, as a rotation wants it, and whether the answer looks like S3's: any server answers something. */
export async function checkS3({ verifier }: Parts, target: S3Target, found: Found): Promise<void> {
  let doubt: Problem | undefined;
  await attempt(
    `reach S3 at ${target.endpoint}`,
    (finding) => found(doubt ? { ...finding, is: 'warning', problem: doubt } : finding),
    async () => {
      await verifier.reach(target);
      doubt = (await looksLikeS3(target)) ? undefined : UNLIKE_S3;
    },
  );
}

const UNLIKE_S3: Problem = {
  code: 'unlike-s3',
  reason: 'what answers there does not look like S3: no list of buckets and no error as S3 writes them',
  remedy: 'Check endpoint in the policy: it is the address of the object storage itself, not of a panel or of Vault.',
};

const ANSWER_MS = 15_000;
/** Of an answer; S3's to nobody in particular is shorter. */
const ENOUGH_CHARACTERS = 65_536;

/** By an unsigned GET: S3 refuses it in XML, or lists what everybody may see. */
async function looksLikeS3({ endpoint }: S3Target): Promise<boolean> {
  try {
    const { headers, body } = await request(new URL('/', endpoint).href, { signal: AbortSignal.timeout(ANSWER_MS) });
    let text = '';
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length > ENOUGH_CHARACTERS) break;
    }
    // AWS sends whoever does not sign to a page about S3
    const isAmazon = Object.keys(headers).some((name) => name.startsWith('x-amz-'));
    return isAmazon || /<(?:Error|ListAllMyBucketsResult)\b/.test(text);
  } catch {
    // it answered a moment ago: this look is only about what
    return true;
  }
}
