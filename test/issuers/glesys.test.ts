import { describe, expect, it } from 'vitest';
import { MissingSecret, Secret } from '../../src/policy/secret.ts';
import { startGlesys } from '../../src/sandbox/glesys.ts';
import { closing, failureOf } from '../transport/failure.ts';
import { visible } from '../transport/leaks.ts';
import { answering, answerOf, rawServer } from '../transport/raw-server.ts';
import { issuerAt } from './open-issuer.ts';

const MARKER = 'rekeyd:acme-prod/billing/7/0a1b2c3d-6921e0f04d5e6f70';

async function opened() {
  const standIn = closing(await startGlesys());
  const instance = standIn.account.addInstance();
  const values = { key: standIn.apiKey.reveal() };
  const secretOf = () => async () => {
    if (values.key === '') throw new MissingSecret('the file api-key is empty');
    return new Secret(values.key);
  };
  const issuer = closing(issuerAt(standIn.url, { instance, project: standIn.project }, { secretOf }));
  return { standIn, issuer, instance, values, secretOf };
}

/** An issuer at an API that gives every request the same answer. */
async function facing(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  const server = closing(await rawServer(answering(answerOf(status, body, headers))));
  return { issuer: closing(issuerAt(server.url)), server };
}

const refused = (text: string) => JSON.stringify({ response: { status: { code: 400, text }, debug: { input: {} } } });

describe('what the issuer makes of a failing API', () => {
  it('a wrong API key: nothing was done, and both settings to check are named', async () => {
    const { issuer, values } = await opened();
    values.key = 'wrong-api-key';
    const error = await failureOf(issuer.issue(MARKER));
    expect(error).toMatchObject({ kind: 'rejected', code: 'issuer-unauthorized', concerns: 'server' });
    expect(error.remedy).toMatch(/`project` and `api_key`/);
    expect(visible(error)).not.toContain('wrong-api-key');
  });

  it('a key that may not do this: nothing was done, and the functions it needs are named', async () => {
    const { issuer } = await facing(403, refused('Not allowed.'));
    const error = await failureOf(issuer.issue(MARKER));
    expect(error).toMatchObject({ kind: 'rejected', code: 'issuer-unauthorized', concerns: 'server' });
    expect(error.remedy).toContain('objectstorage/createcredential');
  });

  it('a wrong instance: nothing was done, in each call', async () => {
    const { standIn, secretOf } = await opened();
    const issuer = closing(issuerAt(standIn.url, { instance: 'os-none', project: standIn.project }, { secretOf }));
    for (const work of [() => issuer.issue(MARKER), () => issuer.list(), () => issuer.revoke('some-id')]) {
      expect(await failureOf(work())).toMatchObject({
        kind: 'rejected',
        code: 'instance-unknown',
        concerns: 'request',
        remedy: expect.stringContaining('`instance`'),
      });
    }
  });

  it('a full quota: nothing was done, and the circuit stays closed for the revocations that make room', async () => {
    const { issuer, standIn } = await opened();
    standIn.account.quota = 0;
    expect(await failureOf(issuer.issue(MARKER))).toMatchObject({
      kind: 'rejected',
      code: 'quota-full',
      concerns: 'request',
    });
  });

  it.each([500, 502, 503])('%i after a credential was made: may have been done', async (status) => {
    const { issuer, standIn, instance } = await opened();
    standIn.faults.add({ fault: 'status_after', status });
    expect(await failureOf(issuer.issue(MARKER))).toMatchObject({ kind: 'ambiguous', code: 'issuer-error' });
    expect(standIn.account.credentials(instance)).toHaveLength(1);
  });

  it.each(['drop_before', 'drop_after', 'half'] as const)(
    '%s: may have been done, and is not sent again',
    async (fault) => {
      const { issuer, standIn } = await opened();
      standIn.faults.add({ fault });
      expect(await failureOf(issuer.issue(MARKER))).toMatchObject({ kind: 'ambiguous', code: 'issuer-unanswered' });
      expect(standIn.faults.list()[0]).toMatchObject({ struck: 1 });
    },
  );

  it('a page of HTML: may have been done, and is no empty list', async () => {
    const { issuer, standIn } = await opened();
    standIn.faults.add({ fault: 'html' });
    expect(await failureOf(issuer.issue(MARKER))).toMatchObject({ kind: 'ambiguous', code: 'issuer-bad-answer' });
    expect(await failureOf(issuer.list())).toMatchObject({ kind: 'ambiguous', code: 'issuer-bad-answer' });
    expect(await failureOf(issuer.revoke('x'))).toMatchObject({ kind: 'ambiguous', code: 'issuer-bad-answer' });
  });

  it('a 404 that is not in the words of the API: not taken for a wrong instance', async () => {
    const { issuer } = await facing(404, '<html>nothing here</html>');
    expect(await failureOf(issuer.list())).toMatchObject({ kind: 'rejected', code: 'issuer-refused' });
  });

  it('a rate limit: nothing was done, with the time to wait', async () => {
    const { issuer } = await facing(429, refused('Too many requests'), { 'retry-after': '20' });
    expect(await failureOf(issuer.issue(MARKER))).toMatchObject({
      kind: 'unavailable',
      code: 'issuer-rate-limited',
      concerns: 'server',
      retryAfterMs: 20_000,
    });
  });

  it('nobody there: nothing was done', async () => {
    const { issuer, standIn } = await opened();
    await standIn.close();
    expect(await failureOf(issuer.issue(MARKER))).toMatchObject({
      kind: 'unavailable',
      code: 'issuer-unreachable',
      concerns: 'server',
    });
  });

  it('a missing API key: nothing is sent', async () => {
    const { issuer, values } = await opened();
    values.key = '';
    expect(await failureOf(issuer.list())).toMatchObject({
      kind: 'rejected',
      code: 'secret-missing',
      reason: 'the file api-key is empty',
    });
  });
});

describe('a list', () => {
  const instance = (credentials: unknown, id = 'os-ab123') =>
    JSON.stringify({ response: { status: { code: 200 }, instance: { id, credentials } } });

  it('without its credentials is a bad answer and not an empty list', async () => {
    const { issuer } = await facing(200, instance(undefined));
    const error = await failureOf(issuer.list());
    expect(error.code).toBe('issuer-bad-answer');
    expect(error.reason).toContain('response.instance.credentials');
  });

  it('of another instance is a bad answer, since it would make every credential look gone', async () => {
    const { issuer } = await facing(200, instance([], 'os-other'));
    const error = await failureOf(issuer.list());
    expect(error.code).toBe('issuer-bad-answer');
    expect(error.reason).toContain('response.instance.id');
  });

  it('with one credential that lacks its id is a bad answer, since that one would look gone', async () => {
    const { issuer } = await facing(200, instance([{ accesskey: 'AK', description: '' }]));
    expect(await failureOf(issuer.list())).toMatchObject({ code: 'issuer-bad-answer' });
  });

  it('gives the time of creation with its offset, and does without a time that is none', async () => {
    const one = { id: 'a', accesskey: 'AK1', description: 'by hand', created: '2026-11-23T09:32:44+01:00' };
    const other = { id: 'b', accesskey: 'AK2', description: '', created: 'yesterday' };
    const { issuer } = await facing(200, instance([one, other]));
    expect(await issuer.list()).toEqual([
      { id: 'a', accessKeyId: 'AK1', description: 'by hand', createdAt: Date.UTC(2026, 10, 23, 8, 32, 44) },
      { id: 'b', accessKeyId: 'AK2', description: '', createdAt: undefined },
    ]);
  });
});

describe('an API key that was replaced', () => {
  it('is read again after a 401, and the call is made once more', async () => {
    const { issuer, standIn, values, instance } = await opened();
    const good = values.key;
    values.key = 'old-api-key';
    await failureOf(issuer.list());
    values.key = good;
    await issuer.issue(MARKER);
    expect(standIn.account.credentials(instance)).toHaveLength(1);
  });

  it('is not tried twice when it is still the same', async () => {
    const { issuer, standIn, values } = await opened();
    values.key = 'wrong';
    standIn.faults.add({ fault: 'status', status: 500, every: 1e9 });
    await failureOf(issuer.list());
    expect(standIn.faults.list()[0]).toMatchObject({ matched: 1 });
  });
});

describe('a revocation that the API refuses', () => {
  it('of a credential that is still listed is a failure', async () => {
    const { issuer, standIn } = await opened();
    const { id } = await issuer.issue(MARKER);
    standIn.faults.add({ path: '/objectstorage/deletecredential', fault: 'status', status: 400 });
    expect(await failureOf(issuer.revoke(id))).toMatchObject({ kind: 'rejected', code: 'issuer-refused' });
  });

  it('is a success in whatever words the API says that there is no such credential', async () => {
    const { issuer, standIn } = await opened();
    standIn.faults.add({ path: '/objectstorage/deletecredential', fault: 'status', status: 400 });
    await expect(issuer.revoke('some-id')).resolves.toBeUndefined();
  });
});

describe('no secret is in an error', () => {
  it('though the API repeats the request and its authorization', async () => {
    const basic = Buffer.from('cl12345:the-api-key').toString('base64');
    const { issuer } = await facing(400, refused(`bad key the-api-key in Basic ${basic}`));
    const error = await failureOf(issuer.issue(MARKER));
    expect(error.reason).toContain('bad key [secret] in Basic [secret]');
    expect(visible(error)).not.toContain('the-api-key');
    expect(visible(error)).not.toContain(basic);
  });

  it('though a success with a secret key in it is not as it should be', async () => {
    const credential = { id: '', accesskey: 'AK', secretkey: 'SuperSecretKey', description: '' };
    const { issuer } = await facing(200, JSON.stringify({ response: { credential } }));
    const error = await failureOf(issuer.issue(MARKER));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 'issuer-bad-answer' });
    expect(visible(error)).not.toContain('SuperSecretKey');
  });

  it('nor in the issuer itself', async () => {
    const { issuer, values } = await opened();
    await issuer.list();
    expect(visible(issuer)).not.toContain(values.key);
  });
});
