import { z } from 'zod';
import type { Manner, Rule } from '../transport/call.ts';

/** Only the status: a refusal also repeats the whole request, in `response.debug`. */
const refusal = z.object({ response: z.object({ status: z.object({ text: z.string() }) }) });

/** How the GleSYS API shows its troubles. It documents no list of them; its texts only choose the advice. */
export const GLESYS: Manner = {
  server: 'the GleSYS API',
  prefix: 'issuer',
  words: (body) => {
    try {
      return refusal.parse(JSON.parse(body)).response.status.text;
    } catch {
      return '';
    }
  },
  rules: [
    {
      when: (status) => status === 401,
      code: 'issuer-unauthorized',
      kind: 'rejected',
      concerns: 'server',
      remedy:
        'Check `project` and `api_key` of the issuer in the policy; the key is read again at the next attempt after it changed.',
    },
    {
      when: (status) => status === 403,
      code: 'issuer-unauthorized',
      kind: 'rejected',
      concerns: 'server',
      remedy:
        "Let the API key call objectstorage/createcredential, deletecredential and instancedetails from rekeyd's address: the control panel limits both per key.",
    },
    {
      // A 404 that is not in the API's own words comes from somebody else.
      when: (status, words) => status === 404 && words !== '',
      code: 'instance-unknown',
      kind: 'rejected',
      concerns: 'request',
      remedy: 'Check `instance` and `project` of the issuer in the policy: this project has no such instance.',
    },
  ],
};

/** What only the creation of a credential is refused with. */
export const CREATION_RULES: readonly Rule[] = [
  {
    when: (status, words) =>
      [400, 402, 403, 409, 422].includes(status) && /quota|too many|limit of \d|reached/i.test(words),
    code: 'quota-full',
    kind: 'rejected',
    // Not the server's: with the circuit open nothing could be revoked either, which is what makes room.
    concerns: 'request',
    remedy: 'Revoke credentials of the instance that nobody uses in the control panel, or have its quota raised.',
  },
];

/** What only a revocation is refused with: the key may do the rest, so nothing else need stop. */
export const REVOCATION_RULES: readonly Rule[] = [
  {
    when: (status) => status === 403,
    code: 'issuer-unauthorized',
    kind: 'rejected',
    concerns: 'request',
    remedy:
      "Let the API key call objectstorage/deletecredential from rekeyd's address: the control panel limits both per key.",
  },
];
