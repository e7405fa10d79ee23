import { z } from 'zod';
import type { Manner, Rule } from '../transport/call.ts';

const refusal = z.object({ errors: z.array(z.string()) });

/** How Vault and OpenBao show their troubles: `{"errors": […]}`. */
export const VAULT: Manner = {
  server: 'Vault',
  prefix: 'vault',
  words: (body) => {
    try {
      return refusal.parse(JSON.parse(body)).errors.join('; ');
    } catch {
      return '';
    }
  },
  rules: [
    {
      // Every other 503 may come from a proxy, or from a node that had already applied the request.
      when: (status, words) => status === 503 && words.includes('Vault is sealed'),
      code: 'vault-sealed',
      kind: 'unavailable',
      concerns: 'server',
      remedy: 'Unseal Vault (`vault operator unseal`); rekeyd goes on by itself then.',
    },
    {
      // A standby that could not pass the request on; the leader may have carried it out before the way broke.
      when: (status) => status === 307,
      code: 'vault-redirected',
      kind: 'ambiguous',
      concerns: 'server',
      remedy:
        'Nothing to do while the cluster elects a leader. If it stays, set `vault.address` to where Vault itself answers; redirects are not followed.',
    },
    {
      when: (status, words) => status === 403 && words.includes('invalid token'),
      code: 'vault-token-dead',
      kind: 'rejected',
      concerns: 'server',
      remedy: 'Give rekeyd a live token; the source of its credentials is read again at the next attempt.',
    },
    {
      when: (status) => status === 403,
      code: 'vault-permission-denied',
      kind: 'rejected',
      concerns: 'request',
      remedy: "Give rekeyd's token the rights of config/vault-policy.hcl on this mount and path.",
    },
    {
      when: (status, words) => status === 400 && words.includes('check-and-set parameter did not match'),
      code: 'conflict',
      kind: 'rejected',
      concerns: 'request',
      remedy: 'Nothing: somebody else wrote first, and rekeyd looks again before it does anything.',
    },
    {
      when: (status, words) => status === 404 && words.includes('no handler for route'),
      code: 'vault-mount-unknown',
      kind: 'rejected',
      concerns: 'server',
      remedy: 'Check `vault.mount` (and `vault.namespace`) in the policy, or enable a KV v2 engine there.',
    },
  ],
};

/** A login is refused in many words and statuses, all of which mean the same. */
export const LOGIN_RULES: readonly Rule[] = [
  {
    when: (status) => status >= 400 && status < 500 && status !== 429 && status !== 408,
    code: 'vault-login-rejected',
    kind: 'rejected',
    concerns: 'server',
    remedy:
      'Check `vault.auth` in the policy: the method, its mount, its role, and the credentials where they come from. They are read again at the next attempt.',
  },
];

/** What only the look-up of rekeyd's own token is refused with. */
export const LOOKUP_RULES: readonly Rule[] = [
  {
    when: (status, words) => status === 403 && !words.includes('invalid token'),
    code: 'vault-permission-denied',
    kind: 'rejected',
    concerns: 'server',
    remedy: "Make the token with Vault's policy `default`, which lets a token look itself up and renew itself.",
  },
];
