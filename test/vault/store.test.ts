import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { encodePath } from '../../src/vault/client.ts';
import { closing, failureOf } from '../transport/failure.ts';
import { visible } from '../transport/leaks.ts';
import { answering, answerOf, rawServer } from '../transport/raw-server.ts';
import { openedStore, SetClock, storeAt, tokenAuth } from './open-store.ts';

const PATH = 'apps/a';
const SECRET_KEY = 'SuperSecretAccessKey0123456789';
const DATA = new Secret({ AWS_SECRET_ACCESS_KEY: SECRET_KEY, nested: { list: ['AnotherSecretValue'] } });

/** A store on a server that answers every request alike; its token counts as one that lives for ever. */
async function facing(status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  const lookup = JSON.stringify({ data: { ttl: 0, expire_time: null } });
  const server = closing(
    await rawServer((socket) => {
      socket.on('data', (request) => {
        const isLookup = request.toString().includes('lookup-self');
        socket.write(isLookup ? answerOf(200, lookup) : answerOf(status, body, headers));
      });
    }),
  );
  return storeAt(server.url, new SetClock(), tokenAuth('hvs.token-of-the-test'));
}

describe('what the store makes of a failing Vault', () => {
  it('sealed: not done, and says how to unseal', async () => {
    const { vault, store } = await openedStore();
    vault.vault.sealed = true;
    const works = [() => store.read(PATH), () => store.write(PATH, DATA, 0), () => store.place(PATH)];
    for (const work of works) {
      const error = await failureOf(work());
      expect(error).toMatchObject({ kind: 'unavailable', code: 'vault-sealed', concerns: 'server' });
      expect(error.remedy).toContain('unseal');
    }
  });

  it('a 503 that is not its own word for being sealed: may have been done', async () => {
    const { vault, store } = await openedStore();
    vault.faults.add({ fault: 'status_after', status: 503 });
    expect(await failureOf(store.write(PATH, DATA, 0))).toMatchObject({ kind: 'ambiguous', code: 'vault-error' });
    vault.faults.clear();
    expect(await store.read(PATH)).toMatchObject({ state: 'present', version: 1 });
  });

  it('a 500 after the write took effect: may have been done, and is not sent again', async () => {
    const { vault, store } = await openedStore();
    vault.faults.add({ method: 'PUT', fault: 'status_after', status: 500 });
    expect(await failureOf(store.write(PATH, DATA, 0))).toMatchObject({ kind: 'ambiguous', code: 'vault-error' });
    expect(vault.faults.list()[0]).toMatchObject({ struck: 1 });
  });

  it.each(['drop_before', 'drop_after', 'half'] as const)(
    '%s: a write may have been done, a read says nothing',
    async (fault) => {
      const { vault, store } = await openedStore();
      vault.faults.add({ fault });
      expect(await failureOf(store.write(PATH, DATA, 0))).toMatchObject({
        kind: 'ambiguous',
        code: 'vault-unanswered',
      });
      expect(await failureOf(store.read(PATH))).toMatchObject({ kind: 'ambiguous', code: 'vault-unanswered' });
    },
  );

  it('a page of HTML: no answer of Vault, neither a secret nor its absence', async () => {
    const { vault, store } = await openedStore();
    vault.faults.add({ fault: 'html' });
    expect(await failureOf(store.read(PATH))).toMatchObject({ kind: 'ambiguous', code: 'vault-bad-answer' });
    expect(await failureOf(store.write(PATH, DATA, 0))).toMatchObject({ kind: 'ambiguous', code: 'vault-bad-answer' });
    vault.faults.clear();
    vault.faults.add({ fault: 'html', status: 404 });
    expect(await failureOf(store.read(PATH))).toMatchObject({ kind: 'rejected', code: 'vault-refused' });
  });

  it('a rate limit: not done, with the time to wait', async () => {
    const { vault, store } = await openedStore();
    vault.faults.add({ fault: 'status', status: 429, headers: { 'retry-after': '3' } });
    const expected = { kind: 'unavailable', code: 'vault-rate-limited', retryAfterMs: 3000 };
    expect(await failureOf(store.write(PATH, DATA, 0))).toMatchObject(expected);
    expect(await failureOf(store.place(PATH))).toMatchObject(expected);
  });

  it('nobody there: not done', async () => {
    const { vault, store } = await openedStore();
    await vault.close();
    expect(await failureOf(store.write(PATH, DATA, 0))).toMatchObject({
      kind: 'unavailable',
      code: 'vault-unreachable',
      concerns: 'server',
    });
  });

  it('a KV v1 engine, which takes a write without a version: may have been done', async () => {
    const { vault, store } = await openedStore();
    vault.vault.mountKv('secret', 1);
    expect(await failureOf(store.write(PATH, DATA, 0))).toMatchObject({ kind: 'ambiguous', code: 'vault-bad-answer' });
  });

  it('an answer without a date, by which nothing could be timed: a bad one', async () => {
    const store = await facing(404, '{"errors":[]}', { date: '' });
    expect(await failureOf(store.read(PATH))).toMatchObject({ code: 'vault-bad-answer' });
  });

  it('a secret of another shape: a bad answer that shows nothing of it', async () => {
    const store = await facing(
      200,
      JSON.stringify({ data: { data: { key: SECRET_KEY }, metadata: { version: '1' } } }),
    );
    const error = await failureOf(store.read(PATH));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 'vault-bad-answer' });
    expect(error.reason).toContain('data.metadata.version');
    expect(visible(error)).not.toContain(SECRET_KEY);
  });
});

describe('no secret is in an error', () => {
  it('though the server quotes the token and everything that was sent', async () => {
    const echo = [`token hvs.token-of-the-test`, `bad data: ${SECRET_KEY}`, 'AnotherSecretValue'];
    const store = await facing(400, JSON.stringify({ errors: echo }));
    const error = await failureOf(store.write(PATH, DATA, 0));
    expect(error.reason).toContain('token [secret]; bad data: [secret]; [secret]');
    for (const secret of ['hvs.token', SECRET_KEY, 'AnotherSecretValue']) expect(visible(error)).not.toContain(secret);
  });

  it('nor in the store itself, nor in what it read', async () => {
    const { store, token } = await openedStore();
    await store.write(PATH, DATA, 0);
    const stored = await store.read(PATH);
    expect(visible(stored)).not.toContain(SECRET_KEY);
    expect(visible(store)).not.toContain(token);
  });
});

describe('place', () => {
  it('asks once for many at the same time, and again after some minutes', async () => {
    const { vault, store, clock } = await openedStore();
    const [first] = await Promise.all(Array.from({ length: 10 }, () => store.place(PATH)));
    vault.vault.clusterId = 'another';
    expect(await store.place(PATH)).toBe(first);
    clock.time += 10 * 60_000;
    expect(await store.place(PATH)).not.toBe(first);
  });

  it('takes the answer of a standby', async () => {
    const store = await facing(429, '{"sealed":false,"standby":true,"cluster_id":"c"}');
    expect(await store.place(PATH)).toMatch(/^[0-9a-f]{8}$/);
  });

  it('tells a proxy that has no Vault behind it from a sealed one', async () => {
    const store = await facing(503, '<html>no healthy upstream</html>');
    expect(await failureOf(store.place(PATH))).toMatchObject({ kind: 'ambiguous', code: 'vault-error' });
  });

  it('is the first 8 hex digits of the agreed hash', async () => {
    const { vault, store } = await openedStore();
    vault.vault.clusterId = '6a94c801-726d-7686-36d7-7d1b66901144';
    // SHA-256 of ["6a94c801-726d-7686-36d7-7d1b66901144","","secret","apps/a"]
    expect(await store.place('apps/a')).toBe('ee9776ed');
  });
});

describe('standing', () => {
  it('takes a namespace for proven that the server shows under its path', async () => {
    const asked: string[] = [];
    const body = { data: { type: 'kv', options: { version: '2' }, delete_version_after: '0s' } };
    const rights = JSON.stringify({ data: { 'secret/data/apps/a': ['read'] } });
    const server = closing(
      await rawServer((socket) => {
        socket.on('data', (chunk) => {
          const request = chunk.toString();
          if (request.includes('capabilities-self')) socket.write(answerOf(200, rights));
          else if (request.includes('lookup-self'))
            socket.write(answerOf(200, '{"data":{"ttl":0,"expire_time":null}}'));
          else socket.write(answerOf(200, JSON.stringify(body)));
          asked.push(request);
        });
      }),
    );
    const store = storeAt(server.url, new SetClock(), tokenAuth('hvs.t'), { namespace: 'team-a' });
    expect(await store.standing(PATH, 0)).toMatchObject({ mount: 'kv-v2', namespace: 'proven' });
    const proof = asked.find((request) =>
      request.startsWith('GET /v1/team-a/sys/internal/ui/mounts/secret/data/apps/a'),
    );
    expect(proof).toBeDefined();
    expect(proof?.toLowerCase()).not.toContain('x-vault-namespace');
    expect(asked.find((request) => request.includes('capabilities-self'))?.toLowerCase()).toContain(
      'x-vault-namespace: team-a',
    );
  });

  it('looks at the rights anew each time, and at the mount once a minute', async () => {
    const { vault, store, clock } = await openedStore();
    expect([...(await store.standing(PATH, 0)).capabilities]).toContain('create');
    vault.vault.policies.set('rekeyd', 'path "secret/data/*" { capabilities = ["read"] }');
    vault.faults.add({ path: '/v1/sys/internal', fault: 'status', status: 500 });
    expect([...(await store.standing(PATH, 0)).capabilities]).toEqual(['read']);
    clock.time += 60_000;
    expect(await failureOf(store.standing(PATH, 0))).toMatchObject({ code: 'vault-error' });
  });

  it('looks again at once where something was wrong with the mount', async () => {
    const { vault, store } = await openedStore();
    vault.vault.mountKv('secret', 1);
    expect(await store.standing(PATH, 0)).toMatchObject({ mount: 'kv-v1' });
    vault.vault.mountKv('secret', 2);
    expect(await store.standing(PATH, 0)).toMatchObject({ mount: 'kv-v2' });
  });
});

describe('every request', () => {
  it('says who asks, and that it means Vault and nobody else', async () => {
    let request = '';
    const seen = closing(
      await rawServer((socket) => {
        socket.on('data', (chunk) => {
          request += chunk.toString().toLowerCase();
        });
        answering(answerOf(200, '{"data":{"ttl":0,"expire_time":null}}'))(socket);
      }),
    );
    await storeAt(seen.url, new SetClock(), tokenAuth('hvs.t')).login();
    expect(request).toMatch(/user-agent: rekeyd\/\d+\.\d+\.\d+/);
    expect(request).toContain('x-vault-request: true');
    expect(request).toContain('x-vault-token: hvs.t');
  });
});

describe('a CA file', () => {
  it('that is not there is reported when the store is opened, by the name of its setting', () => {
    const caFile = '/nowhere/ca.pem';
    expect(() => storeAt('https://127.0.0.1:1', new SetClock(), tokenAuth('t'), { caFile })).toThrow(
      'vault.ca_file: /nowhere/ca.pem cannot be read (ENOENT)',
    );
  });
});

describe('a path', () => {
  it('is encoded segment by segment', () => {
    expect(encodePath('team/a b/ö%?#')).toBe('team/a%20b/%C3%B6%25%3F%23');
  });

  it.each(['', 'a//b', '/a', 'a/', 'a/../b', './a'])('%j, which would lead elsewhere, is never asked for', (path) => {
    expect(() => encodePath(path)).toThrow('segment');
  });
});
