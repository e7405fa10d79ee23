import type { Manner } from '../transport/call.ts';

/** How S3 shows its troubles: XML with a code, of which nothing else is used. */
export const S3: Manner = {
  server: 'S3',
  prefix: 's3',
  words: (body) => /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(body)?.[1] ?? '',
  rules: [
    {
      when: (_status, words) => words === 'SlowDown',
      code: 's3-rate-limited',
      kind: 'unavailable',
      concerns: 'server',
      remedy: 'Nothing to do if it passes; otherwise ask the operator of the storage for a higher rate.',
    },
  ],
};
