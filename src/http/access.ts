import { createHash, timingSafeEqual } from 'node:crypto';
import { isLoopback } from '../policy/address.ts';
import { MissingSecret, type Secret, type SecretSource } from '../policy/secret.ts';
import type { HttpProblem } from './problem.ts';

/**
 * Guards against pages that point a name of their own at loopback (DNS rebinding): whoever comes over loopback must
 * have asked for it by a name of loopback.
 */
export function checkHost(listenHost: string, header: string | undefined): HttpProblem | undefined {
  if (!isLoopback(listenHost) || (header !== undefined && isLoopback(hostOf(header)))) return undefined;
  return {
    status: 421,
    title: 'Misdirected request',
    code: 'wrong-host',
    detail: 'rekeyd listens on loopback only and answers only requests to localhost or a loopback address.',
  };
}

/**
 * Guards against pages of other sites, which may ask without being shown the answer, and would take the places of those
 * who may watch. Browsers tell; whoever is none says nothing.
 */
export function checkSite(route: string | undefined, fetchSite: unknown): HttpProblem | undefined {
  if (fetchSite !== 'cross-site' || !route?.startsWith('/api/')) return undefined;
  return {
    status: 403,
    title: 'Forbidden',
    code: 'cross-site',
    detail: 'A page of another site may not use the API. Open the address itself, or ask without a browser.',
  };
}

/** The host of a `Host` header, without its port. */
function hostOf(header: string): string {
  return header.replace(/:\d+$/, '');
}

/** Whether a request may read. Off loopback it needs the bearer token; what is missing or wrong is told. */
export async function checkReader(
  listenHost: string,
  token: SecretSource | undefined,
  authorization: string | undefined,
): Promise<HttpProblem | undefined> {
  if (isLoopback(listenHost)) return undefined;
  if (!token) return noToken('http.token is not set in the policy; off loopback nothing is shown without it.');
  return checkBearer(token, authorization);
}

/** Whether a request may change something: always only with the bearer token. */
export async function checkWriter(
  token: SecretSource | undefined,
  authorization: string | undefined,
): Promise<HttpProblem | undefined> {
  if (!token) return noToken('http.token is not set in the policy; without it nothing is changed over HTTP.');
  return checkBearer(token, authorization);
}

async function checkBearer(token: SecretSource, authorization: string | undefined): Promise<HttpProblem | undefined> {
  try {
    return isBearer(authorization, await token()) ? undefined : wrongToken;
  } catch (error) {
    if (!(error instanceof MissingSecret)) throw error;
    return noToken('The token of http.token cannot be read at the moment; `rekeyd check` says why.');
  }
}

const wrongToken: HttpProblem = {
  status: 401,
  title: 'Unauthorized',
  code: 'wrong-token',
  detail: 'Send the token of the policy’s http.token as `Authorization: Bearer …`.',
};

function noToken(detail: string): HttpProblem {
  return { status: 403, title: 'Forbidden', code: 'no-token', detail };
}

/** Compared by digest, so that neither the time nor the length gives anything away. */
function isBearer(authorization: string | undefined, token: Secret): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token.reveal()));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
