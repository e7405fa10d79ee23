/** The token: in this tab's session only, and sent to nobody but the server that the page came from. */

const KEY = 'rekeyd-token';

export const token = {
  get: () => sessionStorage.getItem(KEY) ?? '',
  set: (value) => (value === '' ? sessionStorage.removeItem(KEY) : sessionStorage.setItem(KEY, value)),
};

/** Asks the API; an answer that is a problem is thrown as such. */
export async function ask(path, { method = 'GET', signal } = {}) {
  const answer = await fetch(path, { method, headers: headers(), signal, cache: 'no-store' }).catch((error) => {
    throw signal?.aborted ? error : new Problem({ status: 0, title: 'No answer', detail: 'rekeyd does not answer.' });
  });
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

export function headers() {
  const value = token.get();
  return value === '' ? {} : { authorization: `Bearer ${value}` };
}

/** An answer that is none, as RFC 9457 has it. */
export class Problem extends Error {
  constructor({ status, code, title, detail, retryAfterMs }) {
    super(detail ?? title);
    this.status = status;
    this.code = code;
    this.title = title;
    this.retryAfterMs = retryAfterMs;
  }
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => ({}));
  const retryAfterMs = Number(answer.headers.get('retry-after') ?? 0) * 1_000;
  return new Problem({ title: answer.statusText, ...told, status: answer.status, retryAfterMs });
}
