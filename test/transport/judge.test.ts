import { describe, expect, it } from 'vitest';
import type { Answer, Manner } from '../../src/transport/call.ts';
import { refusal } from '../../src/transport/judge.ts';

const MANNER: Manner = {
  server: 'the server',
  prefix: 'it',
  words: (body) => body,
  rules: [
    {
      when: (status, words) => status === 503 && words === 'asleep',
      code: 'it-asleep',
      kind: 'unavailable',
      concerns: 'server',
      remedy: 'Wake it.',
    },
  ],
};
const SITE = { manner: MANNER, address: 'http://127.0.0.1:1' };

const answer = (status: number, text = '', headers: Answer['headers'] = {}): Answer => ({ status, text, headers });
const judged = (of: Answer) => refusal(SITE, { attempted: 'do the thing' }, of);

describe('the judgement of a refusal', () => {
  it.each([500, 501, 502, 503, 504, 408])('takes %i for possibly done', (status) => {
    expect(judged(answer(status))).toMatchObject({ kind: 'ambiguous', code: 'it-error', concerns: 'server' });
  });

  it.each([400, 401, 403, 404, 405, 409, 412, 422])('takes %i for a definite no to this request', (status) => {
    expect(judged(answer(status))).toMatchObject({ kind: 'rejected', code: 'it-refused', concerns: 'request' });
  });

  it('takes 429 for not done, and says when the server wants to be asked again', () => {
    expect(judged(answer(429, '', { 'retry-after': '7' }))).toMatchObject({
      kind: 'unavailable',
      code: 'it-rate-limited',
      concerns: 'server',
      retryAfterMs: 7000,
    });
  });

  it('takes a Retry-After date by the clock of the server that wrote it', () => {
    const headers = { 'retry-after': 'Thu, 01 Jan 1970 00:01:30 GMT', date: 'Thu, 01 Jan 1970 00:01:00 GMT' };
    expect(judged(answer(429, '', headers)).retryAfterMs).toBe(30_000);
  });

  it('does without a Retry-After that says nothing', () => {
    expect(judged(answer(429, '', { 'retry-after': 'soon' })).retryAfterMs).toBeUndefined();
  });

  it('does not follow a redirect and says so', () => {
    expect(judged(answer(307))).toMatchObject({ kind: 'rejected', code: 'it-redirected' });
  });

  it('lets the rules of the server go before what all servers do', () => {
    expect(judged(answer(503, 'asleep'))).toMatchObject({ kind: 'unavailable', code: 'it-asleep', remedy: 'Wake it.' });
  });

  it('lets the rules of the call go before those of the server', () => {
    const rules = [{ ...MANNER.rules[0], when: () => true, code: 'mine' } as Manner['rules'][number]];
    expect(refusal(SITE, { attempted: 'do the thing', rules }, answer(503, 'asleep')).code).toBe('mine');
  });

  it('says what was attempted, by whom it was refused and in which words', () => {
    expect(judged(answer(400, 'no such thing')).message).toBe(
      'could not do the thing: the server at http://127.0.0.1:1 answered 400: no such thing',
    );
  });
});
