import { PortError } from '../rotation/errors.ts';
import type { Answer, Attempt, Rule, Site } from './call.ts';
import { showable } from './scrub.ts';

/**
 * What every server does alike. Looked at after the rules of the call and of the server. Only what was certainly not
 * done is `rejected` or `unavailable`; servers and proxies are known to answer 500, or not at all, and apply the
 * request nevertheless.
 */
const COMMON: readonly (Omit<Rule, 'code'> & { readonly suffix: string })[] = [
  {
    when: (status) => status === 429,
    suffix: 'rate-limited',
    kind: 'unavailable',
    concerns: 'server',
    remedy: 'Nothing to do if it passes; otherwise raise the rate limit at the server or lower `limits.per_second`.',
  },
  {
    when: (status) => status >= 500 || status === 408,
    suffix: 'error',
    kind: 'ambiguous',
    concerns: 'server',
    remedy: "Look at the server's state and log, and at proxies in between.",
  },
  {
    when: (status) => status < 400,
    suffix: 'redirected',
    kind: 'rejected',
    concerns: 'server',
    remedy: 'Set the address in the policy to where the server itself answers; redirects are not followed.',
  },
  {
    when: () => true,
    suffix: 'refused',
    kind: 'rejected',
    concerns: 'request',
    remedy: "Read the server's words above; the request itself is not acceptable to it.",
  },
];

/** The connection never stood, so no byte of the request was sent. */
export function unreachable({ manner, address }: Site, attempt: Attempt, error: unknown): PortError {
  const code = codeOf(error);
  return new PortError({
    attempted: attempt.attempted,
    code: `${manner.prefix}-unreachable`,
    kind: 'unavailable',
    reason: `no connection to ${manner.server} at ${address} (${code})`,
    remedy: CONNECT_REMEDIES.find(({ codes }) => codes.test(code))?.remedy ?? '',
    concerns: 'server',
  });
}

const CONNECT_REMEDIES: readonly { readonly codes: RegExp; readonly remedy: string }[] = [
  {
    codes: /^UND_ERR_INVALID_ARG/,
    remedy: 'A secret or the address has characters that no HTTP request can carry: check where they come from.',
  },
  { codes: /^(ENOTFOUND|EAI_)/, remedy: 'Check the host name in the address, and that DNS works where rekeyd runs.' },
  {
    codes: /CERT|SIGNATURE|TLS|SSL|EPROTO/,
    remedy:
      'Check that the address has the right scheme and host name, and that the authority which signed the certificate is trusted (`ca_file` for Vault, NODE_EXTRA_CA_CERTS for the others).',
  },
  { codes: /(?:)/, remedy: 'Check the address, that the server runs, and that the network lets rekeyd reach it.' },
];

/** The request went out, at least in part, and no whole answer came back. */
export function unanswered({ manner, address }: Site, attempt: Attempt, error: unknown): PortError {
  return new PortError({
    attempted: attempt.attempted,
    code: `${manner.prefix}-unanswered`,
    kind: 'ambiguous',
    reason: `${manner.server} at ${address} gave no whole answer (${codeOf(error)})`,
    remedy: "Look at the server's load and log, and at proxies in between.",
    concerns: 'server',
  });
}

/** The server says that it did it, or that all is well, but not in a way that can be understood. `why` quotes nothing. */
export function badAnswer({ manner, address }: Site, attempt: Attempt, why: string): PortError {
  return new PortError({
    attempted: attempt.attempted,
    code: `${manner.prefix}-bad-answer`,
    kind: 'ambiguous',
    reason: `${manner.server} at ${address} answered something else than expected: ${why}`,
    remedy: `Check that the address leads to ${manner.server} and not to a proxy or portal.`,
    concerns: 'server',
  });
}

/** The server answered with a status that is none of success. */
export function refusal(site: Site, attempt: Attempt, answer: Answer): PortError {
  const { manner, address } = site;
  const words = manner.words(answer.text);
  const shown = showable(words, attempt.secrets);
  const { code, kind, concerns, remedy } = ruleFor(site, attempt, answer, words);
  const wait = retryAfter(answer);
  return new PortError({
    attempted: attempt.attempted,
    code,
    kind,
    concerns,
    remedy,
    reason: `${manner.server} at ${address} answered ${answer.status}${shown && `: ${shown}`}`,
    ...(wait !== undefined && { retryAfterMs: wait }),
  });
}

function ruleFor({ manner }: Site, attempt: Attempt, answer: Answer, words: string): Omit<Rule, 'when'> {
  const common = COMMON.map(({ suffix, ...rule }) => ({ ...rule, code: `${manner.prefix}-${suffix}` }));
  const rules = [...(attempt.rules ?? []), ...manner.rules, ...common];
  const rule = rules.find((candidate) => candidate.when(answer.status, words, answer.text));
  if (!rule) throw new Error('the last common rule fits everything');
  return rule;
}

/** Retry-After in ms: seconds, or a date, which is taken by the server's own clock. */
function retryAfter(answer: Answer): number | undefined {
  const { 'retry-after': value, date = '' } = answer.headers;
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const wait = Date.parse(value) - Date.parse(date);
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** The error's code, or its name: never its message, which may quote what was sent or received. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
