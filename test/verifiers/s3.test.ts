import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import type { Clock, KeyPair } from '../../src/rotation/ports.ts';
import { MemoryKeyRing } from '../../src/sandbox/keyring.ts';
import { startS3 } from '../../src/sandbox/s3.ts';
import { cryptoHex, systemClock } from '../../src/system.ts';
import { openS3Verifier } from '../../src/verifiers/s3.ts';
import { closing, failureOf } from '../transport/failure.ts';
import { visible } from '../transport/leaks.ts';
import { answerOf, type RawServer, rawServer } from '../transport/raw-server.ts';

const PAIR: KeyPair = { accessKeyId: 'AKTEST', secretAccessKey: new Secret('TheSecretAccessKeyOfTheTest') };
const SHORT = { connect: 300, answer: 1000 };

const targetOf = (endpoint: string) => ({ endpoint, region: 'dc-sto1' });

async function opened(clock: Clock = systemClock) {
  const ring = new MemoryKeyRing(systemClock, cryptoHex);
  const s3 = closing(await startS3({ ring, clock }));
  const verifier = closing(openS3Verifier());
  const issue = async (): Promise<KeyPair> => {
    const { accessKeyId, secretAccessKey } = await ring.create();
    return { accessKeyId, secretAccessKey: new Secret(secretAccessKey) };
  };
  return { ring, s3, verifier, issue, target: targetOf(s3.url) };
}

/** A server that gives every GET the one answer and every HEAD the other. */
async function facing(
  get: string,
  head = get,
): Promise<{ server: RawServer; probe: (buckets?: string[]) => Promise<unknown> }> {
  const server = closing(
    await rawServer((socket) => {
      socket.on('data', (request) => socket.write(request.toString().startsWith('HEAD') ? head : get));
    }),
  );
  const verifier = closing(openS3Verifier({ timeouts: SHORT }));
  return { server, probe: (buckets = []) => verifier.probe(PAIR, targetOf(server.url), buckets) };
}

const LIST = answerOf(200, '<ListAllMyBucketsResult><Owner><ID>o</ID></Owner><Buckets/></ListAllMyBucketsResult>');
const xml = (code: string) => `<Error><Code>${code}</Code><Message>about AKTEST</Message></Error>`;

describe('a probe', () => {
  it('accepts a pair that S3 knows, and the buckets that are there', async () => {
    const { verifier, issue, target } = await opened();
    const pair = await issue();
    expect(await verifier.probe(pair, target, [])).toEqual({ accepted: true });
    expect(await verifier.probe(pair, target, ['invoices', 'backups'])).toEqual({ accepted: true });
  });

  it('tells a key that S3 does not know', async () => {
    const { verifier, issue, target, ring } = await opened();
    const pair = await issue();
    await ring.remove(pair.accessKeyId);
    expect(await verifier.probe(pair, target, [])).toEqual({
      accepted: false,
      why: 'unknown-key',
      detail: 'InvalidAccessKeyId (403)',
    });
  });

  it('tells a secret that does not belong to the key', async () => {
    const { verifier, issue, target } = await opened();
    const [one, other] = [await issue(), await issue()];
    const mixed = { ...one, secretAccessKey: other.secretAccessKey };
    expect(await verifier.probe(mixed, target, [])).toMatchObject({ accepted: false, why: 'wrong-signature' });
  });

  it('tells a clock that is an hour off', async () => {
    const { verifier, issue, target } = await opened({ ...systemClock, now: () => Date.now() + 3_600_000 });
    expect(await verifier.probe(await issue(), target, [])).toMatchObject({ accepted: false, why: 'clock-skew' });
  });

  it('tells a bucket that is not there, by its name', async () => {
    const { verifier, issue, target } = await opened();
    expect(await verifier.probe(await issue(), target, ['invoices', 'no-such-bucket'])).toEqual({
      accepted: false,
      why: 'no-such-bucket',
      detail: 'no code (404) for bucket no-such-bucket',
    });
  });

  it('signs with exactly the pair given, also when many are tried at the same time', async () => {
    const { verifier, issue, target, s3, ring } = await opened();
    const pairs = await Promise.all(Array.from({ length: 30 }, issue));
    for (const pair of pairs.slice(20)) await ring.remove(pair.accessKeyId);
    const verdicts = await Promise.all(pairs.map((pair) => verifier.probe(pair, target, ['invoices'])));
    expect(verdicts.map(({ accepted }) => accepted)).toEqual(pairs.map((_pair, index) => index < 20));
    expect(s3.seen).toEqual(new Set(pairs.slice(0, 20).map(({ accessKeyId }) => accessKeyId)));
  });

  it('is one request and one for each bucket: nothing is tried twice', async () => {
    const { verifier, issue, target, s3 } = await opened();
    await verifier.probe(await issue(), target, ['invoices', 'backups']);
    expect(s3.counts().requests).toBe(3);
    s3.faults.add({ fault: 'status', status: 500 });
    await failureOf(verifier.probe(await issue(), target, []));
    expect(s3.faults.list()[0]).toMatchObject({ struck: 1 });
  });
});

describe('what S3 says is told apart', () => {
  it.each([
    [403, xml('InvalidAccessKeyId'), 'unknown-key', 'InvalidAccessKeyId (403)'],
    [403, xml('SignatureDoesNotMatch'), 'wrong-signature', 'SignatureDoesNotMatch (403)'],
    [403, xml('AccessDenied'), 'denied', 'AccessDenied (403)'],
    [403, xml('RequestTimeTooSkewed'), 'clock-skew', 'RequestTimeTooSkewed (403)'],
    [403, '', 'denied', 'no code (403)'],
    [403, '<html>blocked</html>', 'denied', 'no code (403)'],
    [403, xml('AccountProblem'), 'other', 'AccountProblem (403)'],
    [400, xml('InvalidToken'), 'other', 'InvalidToken (400)'],
    [404, '', 'other', 'no code (404)'],
    [301, xml('PermanentRedirect'), 'other', 'PermanentRedirect (301)'],
  ])('%i %s is %s', async (status, body, why, detail) => {
    const { probe } = await facing(answerOf(status, body, { 'content-type': 'application/xml' }));
    expect(await probe()).toEqual({ accepted: false, why, detail });
  });

  it('for a bucket without a code: denied, or not there', async () => {
    const denied = await facing(LIST, answerOf(403, ''));
    expect(await denied.probe(['b'])).toMatchObject({ why: 'denied', detail: 'no code (403) for bucket b' });
    const missing = await facing(LIST, answerOf(404, ''));
    expect(await missing.probe(['b'])).toMatchObject({ why: 'no-such-bucket' });
  });

  it('an account without buckets is accepted', async () => {
    expect(await (await facing(LIST)).probe()).toEqual({ accepted: true });
  });
});

describe('what is no answer of S3 is no verdict', () => {
  it.each([
    [500, 'oops', 'ambiguous', 's3-error'],
    [503, '<html>no upstream</html>', 'ambiguous', 's3-error'],
    [503, xml('SlowDown'), 'unavailable', 's3-rate-limited'],
    [429, '', 'unavailable', 's3-rate-limited'],
    [200, '<html><body>sign in</body></html>', 'ambiguous', 's3-bad-answer'],
    [200, '<html><br></html>', 'ambiguous', 's3-bad-answer'],
    [200, '{}', 'ambiguous', 's3-bad-answer'],
    [200, '', 'ambiguous', 's3-bad-answer'],
  ])('%i %s', async (status, body, kind, code) => {
    const { probe } = await facing(answerOf(status, body));
    expect(await failureOf(probe())).toMatchObject({ kind, code, concerns: 'server' });
  });

  it('a bucket that answers 500 after a list that was fine', async () => {
    const { probe } = await facing(LIST, answerOf(500, ''));
    const error = await failureOf(probe(['b']));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 's3-error' });
    expect(error.attempted).toContain('look at bucket b');
  });

  it('half of a body', async () => {
    const server = closing(
      await rawServer((socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n<List'));
      }),
    );
    const probe = closing(openS3Verifier()).probe(PAIR, targetOf(server.url), []);
    expect(await failureOf(probe)).toMatchObject({ kind: 'ambiguous', code: 's3-unanswered' });
  });

  it('no answer in time', async () => {
    const server = closing(await rawServer(() => {}));
    const probe = closing(openS3Verifier({ timeouts: SHORT })).probe(PAIR, targetOf(server.url), []);
    expect(await failureOf(probe)).toMatchObject({ kind: 'ambiguous', code: 's3-unanswered' });
  });

  it('nobody there', async () => {
    const gone = await rawServer(() => {});
    await gone.close();
    const probe = closing(openS3Verifier()).probe(PAIR, targetOf(gone.url), []);
    expect(await failureOf(probe)).toMatchObject({ kind: 'unavailable', code: 's3-unreachable', concerns: 'server' });
  });

  it('TLS to a port that speaks none', async () => {
    const server = closing(
      await rawServer((socket) => socket.on('data', () => socket.write('HTTP/1.1 400 X\r\n\r\n'))),
    );
    const verifier = closing(openS3Verifier());
    const probe = verifier.probe(PAIR, targetOf(server.url.replace('http:', 'https:')), []);
    expect(await failureOf(probe)).toMatchObject({ code: 's3-unreachable' });
  });

  it('and neither it nor a verdict shows the secret', async () => {
    const echo = xml('TheSecretAccessKeyOfTheTest');
    const failing = await facing(answerOf(500, echo));
    expect(visible(await failureOf(failing.probe()))).not.toContain('TheSecretAccessKey');
    const refusing = await facing(answerOf(403, echo));
    expect(await refusing.probe()).toEqual({ accepted: false, why: 'other', detail: '[secret] (403)' });
  });
});

describe('reach', () => {
  it.each([200, 301, 403, 404, 429])('takes %i for an answer', async (status) => {
    const { server } = await facing(answerOf(status, xml('AccessDenied')));
    await expect(closing(openS3Verifier()).reach(targetOf(server.url))).resolves.toBeUndefined();
  });

  it('asks without a signature', async () => {
    const { s3, verifier, target } = await opened();
    await verifier.reach(target);
    expect(s3.counts()).toEqual({ requests: 1, refusals: 1 });
  });

  it('takes a 5xx for none', async () => {
    const { server } = await facing(answerOf(503, xml('ServiceUnavailable')));
    const error = await failureOf(closing(openS3Verifier()).reach(targetOf(server.url)));
    expect(error).toMatchObject({ kind: 'ambiguous', code: 's3-error', concerns: 'server' });
    expect(error.reason).toContain('answered 503: ServiceUnavailable');
  });

  it('says where nobody is', async () => {
    const gone = await rawServer(() => {});
    await gone.close();
    const error = await failureOf(closing(openS3Verifier()).reach(targetOf(gone.url)));
    expect(error).toMatchObject({ kind: 'unavailable', code: 's3-unreachable' });
    expect(error.message).toContain(gone.url);
  });
});

describe('a target that an old record names', () => {
  it('without a region is out of reach, and nothing was sent', async () => {
    const { verifier, issue, target } = await opened();
    const error = await failureOf(verifier.probe(await issue(), { ...target, region: '' }, []));
    expect(error).toMatchObject({ kind: 'unavailable', code: 's3-unreachable' });
  });
});
