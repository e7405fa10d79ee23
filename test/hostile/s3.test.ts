import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { MemoryKeyRing } from '../../src/sandbox/keyring.ts';
import { type S3StandIn, startS3 } from '../../src/sandbox/s3.ts';
import { cryptoHex, systemClock } from '../../src/system.ts';
import { type OpenVerifier, openS3Verifier } from '../../src/verifiers/s3.ts';
import { closing } from '../transport/failure.ts';
import { rawServer } from '../transport/raw-server.ts';
import { manglings } from './answers.ts';
import { type Mangler, manglerBefore } from './mangler.ts';
import { PATIENCE, runs } from './runs.ts';
import { endOf, expectCalm, expectSilent } from './signs.ts';
import { nastyText } from './texts.ts';

const ring = new MemoryKeyRing(systemClock, cryptoHex);
const TIMEOUTS = { connect: 500, answer: 2_000 };
let s3: S3StandIn;
let mangler: Mangler;
let verifier: OpenVerifier;

beforeEach(async () => {
  s3 = closing(await startS3({ ring }));
  mangler = closing(await manglerBefore(s3.url));
  verifier = closing(openS3Verifier({ timeouts: TIMEOUTS }));
});

test(
  'whatever S3 answers, a key that it knows is never called unknown, and one that it does not know is never accepted',
  async () => {
    await fc.assert(
      fc.asyncProperty(manglings, fc.boolean(), async (mangling, isKnown) => {
        const { accessKeyId, secretAccessKey } = await ring.create();
        if (!isKnown) await ring.remove(accessKeyId);
        mangler.aim({ at: /./, mangling });
        const target = { endpoint: mangler.url, region: 'r' };
        const pair = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) };
        const { value } = await endOf(verifier.probe(pair, target, []), [secretAccessKey]);
        if (isKnown && value?.accepted === false) expect(value.why).not.toBe('unknown-key');
        if (!isKnown) expect(value?.accepted).not.toBe(true);
        if (value?.accepted === false) expectCalm(value.detail);
        expectSilent(value, [secretAccessKey]);
        await endOf(verifier.reach(target), [secretAccessKey]);
      }),
      runs(50),
    );
  },
  PATIENCE,
);

test(
  'whatever an old record or a hand-made secret names, trying it ends in a verdict or a failure that shows no secret',
  async () => {
    const endpoints = fc.oneof(
      nastyText,
      fc.constantFrom('ftp://127.0.0.1:1', 'file:///etc/passwd', 'http://[::1', '//x'),
    );
    const regions = fc.oneof(fc.constant('r'), nastyText);
    await fc.assert(
      fc.asyncProperty(endpoints, regions, nastyText, nastyText, async (endpoint, region, accessKeyId, secret) => {
        const pair = { accessKeyId, secretAccessKey: new Secret(`k${secret}`) };
        const target = { endpoint: region === 'r' ? s3.url : printable(endpoint), region };
        await endOf(
          verifier.probe(pair, target, []),
          secret.length > 7 && secret !== accessKeyId ? [`k${secret}`] : [],
        );
      }),
      runs(50),
    );
  },
  PATIENCE,
);

/** As the schema of records lets an endpoint through, and of nobody else's machine. */
function printable(text: string): string {
  return `x${text.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 400)}`;
}

test('an answer of S3 without an end is cut off, whether it comes at once or byte by byte', async () => {
  const flood = closing(
    await rawServer((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write('x'.repeat(65_536)));
        if (!socket.destroyed) socket.once('drain', more);
      };
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n');
        more();
      });
    }),
  );
  const drip = closing(
    await rawServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 X\r\ncontent-length: 99999\r\n\r\n'));
      const dripping = setInterval(() => socket.write('<'), 50);
      socket.on('close', () => clearInterval(dripping));
    }),
  );
  const pair = { accessKeyId: 'AK', secretAccessKey: new Secret('TheSecretOfTheTest') };
  const tryAt = async (endpoint: string, patient: OpenVerifier) =>
    (await endOf(patient.probe(pair, { endpoint, region: 'r' }, []), ['TheSecretOfTheTest'])).error;
  const patient = closing(openS3Verifier({ timeouts: { connect: 500, answer: 60_000 } }));
  expect((await tryAt(flood.url, patient))?.reason).toContain('ANSWER_TOO_LONG');
  expect(await tryAt(drip.url, verifier)).toMatchObject({ kind: 'ambiguous', code: 's3-unanswered' });
});
