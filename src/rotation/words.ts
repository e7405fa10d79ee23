import type { Decision } from './decide.ts';

/** What is about to be done, in words. */
export function wordsFor(decision: Exclude<Decision, { do: 'wait' | 'refuse' }>): string {
  switch (decision.do) {
    case 'enter-strays':
      return decision.entering.strays.length === 1 ? 'enter a stray into the record' : 'enter strays into the record';
    case 'revoke':
      return `revoke ${decision.entries.map((entry) => entry.access_key_id).join(', ')}`;
    case 'renew':
      return 'write the secret once more, before Vault deletes it by itself';
    case 'rotate':
      return `issue generation ${decision.generation} (${decision.why})`;
    case 'adopt':
      return 'adopt the secret that stands there';
    case 'republish':
      return 'republish with the fields and endpoint of the policy';
    case 'reschedule':
      return 'take the changed schedule into the record';
  }
}
