import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MemoryKeyRing } from '../../src/sandbox/keyring.ts';
import { startS3 } from '../../src/sandbox/s3.ts';
import { cryptoHex, systemClock } from '../../src/system.ts';
import { poll } from '../support/poll.ts';
import { useScene } from '../support/scene.ts';
import { countsOf, expectClean, type Figures, lineOf } from './support/account.ts';
import { fromFile, fromVault, type KeySource, type RenderedSecret } from './support/key-source.ts';
import { S3Consumer } from './support/s3-consumer.ts';

/** What the scenarios stand on: that an account with anything wrong in it fails. */
const CLEAN: Figures = {
  rotations: 12,
  kills: 3,
  requests: 400,
  refusals: 0,
  failures: 0,
  strays: 0,
  dead: 0,
  foreign: 6,
  foreignChanged: 0,
  more: { collisions: 1 },
};

describe('the account of a scenario', () => {
  test('is clean where nobody was refused, nothing is left and nothing foreign changed', () => {
    expect(() => expectClean(CLEAN)).not.toThrow();
    expect(lineOf('kill', CLEAN)).toBe(
      'kill: 12 rotations, 3 kills, 400 consumer requests, 0 refusals, 0 failures, 0 strays left, 0 dead secrets, 0 of 6 foreign keys changed, 1 collisions',
    );
  });

  test.each(['refusals', 'failures', 'strays', 'dead', 'foreignChanged'] as const)('fails with %s', (what) => {
    expect(() => expectClean({ ...CLEAN, [what]: 1 })).toThrow(`1 ${what}`);
  });

  test('fails without a single rotation', () => {
    expect(() => expectClean({ ...CLEAN, rotations: 0 })).toThrow('no rotation at all');
  });
});

const scene = useScene();
/** A key that S3 takes, as a secret has it. */
let secret: RenderedSecret;
/** What stands in for Vault answers next, where it is. */
let answer: { readonly status: number; readonly body: unknown };
let vault: string;

beforeAll(async () => {
  const ring = new MemoryKeyRing(systemClock, cryptoHex);
  const s3 = await startS3({ ring });
  scene.atEnd(() => s3.close());
  const { accessKeyId, secretAccessKey } = await ring.create();
  secret = { access_key_id: accessKeyId, secret_access_key: secretAccessKey, endpoint: s3.url, region: 'us-east-1' };
  const server = http.createServer((_, response) => response.writeHead(answer.status).end(JSON.stringify(answer.body)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scene.atEnd(async () => server.close());
  vault = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

const holding = (fields: object) => ({ status: 200, body: { data: { data: fields } } });

beforeEach(() => {
  answer = holding(secret);
});

const reading = (address = (): string => vault): KeySource =>
  fromVault({ address, token: 'any', path: () => 'secret/data/apps/any/s3', refreshMs: 0 });

/** One that works, until then with nothing wrong in the account. */
async function working(source: KeySource): Promise<S3Consumer> {
  const consumer = new S3Consumer('app', source, { pauseMs: 5 });
  scene.atEnd(() => consumer.stop());
  await goesOn(consumer);
  expect(() => expectConsumed(consumer)).not.toThrow();
  return consumer;
}

/** Waits for so many more requests, however they end. */
async function goesOn(consumer: S3Consumer, times = 3): Promise<void> {
  const count = (): number => consumer.successes + consumer.failures.length;
  const wanted = count() + times;
  await poll('more requests', 20_000, async () => (count() >= wanted ? true : undefined));
}

const expectConsumed = (consumer: S3Consumer): void => expectClean({ ...CLEAN, ...countsOf([consumer]) }, [consumer]);

describe('a consumer that had worked', () => {
  test.each([
    ['lost the fields of the key', () => holding({ note: 'of somebody else' }), 'lacks access_key_id'],
    ['lost one field', () => holding({ ...secret, secret_access_key: undefined }), 'lacks secret_access_key'],
    ['is gone', () => ({ status: 404, body: { errors: [] } }), '404'],
    ['may not be read any more', () => ({ status: 403, body: { errors: ['permission denied'] } }), '403'],
    ['has an endpoint where nobody is', () => holding({ ...secret, endpoint: 'http://127.0.0.1:1' }), 'ECONNREFUSED'],
  ])('makes an account that is not clean once its secret %s', async (_, become, why) => {
    const consumer = await working(reading());
    answer = become();
    await goesOn(consumer);
    await consumer.stop();
    expect(countsOf([consumer])).toMatchObject({ refusals: 0, failures: consumer.failures.length });
    expect(() => expectConsumed(consumer)).toThrow(/\d+ failures/);
    expect(() => expectConsumed(consumer)).toThrow(why);
  });

  test('makes an account that is not clean once the file of its agent lacks fields, or is away', async () => {
    const file = join(scene.dir, 'secret.json');
    await writeFile(file, JSON.stringify(secret));
    const consumer = await working(fromFile(file));
    await writeFile(file, JSON.stringify({ ...secret, access_key_id: '' }));
    await goesOn(consumer);
    expect(() => expectConsumed(consumer)).toThrow('lacks access_key_id');
    const gone = new S3Consumer('gone', fromFile(join(scene.dir, 'none.json')), { pauseMs: 5 });
    await goesOn(gone);
    await gone.stop();
    expect(gone.failures[0]?.why).toContain('ENOENT');
  });

  test.each([
    ['is sealed', 503],
    ['has no leader', 500],
    ['is a standby of a leader that is gone', 307],
    ['has too much to do', 429],
  ])('goes on with what it has while Vault %s', async (_, status) => {
    const consumer = await working(reading());
    answer = { status, body: { errors: [] } };
    await goesOn(consumer);
    expect(() => expectConsumed(consumer)).not.toThrow();
  });

  test('does not look at what stands in Vault while it is told to wait', async () => {
    let isTold = false;
    const consumer = await working(
      reading(() => {
        if (isTold) throw new Error('wait');
        return vault;
      }),
    );
    isTold = true;
    answer = { status: 404, body: { errors: [] } };
    await goesOn(consumer);
    expect(() => expectConsumed(consumer)).not.toThrow();
    isTold = false;
    await goesOn(consumer);
    expect(() => expectConsumed(consumer)).toThrow('404');
  });
});

test('a consumer that never worked makes an account that is not clean, and counts for nothing more', async () => {
  answer = { status: 404, body: { errors: [] } };
  const consumer = new S3Consumer('app', reading(), { pauseMs: 5 });
  await goesOn(consumer);
  await consumer.stop();
  expect(countsOf([consumer])).toEqual({ requests: 0, refusals: 0, failures: 0 });
  expect(() => expectConsumed(consumer)).toThrow('app never got an answer');
});
