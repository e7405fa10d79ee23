import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { MemoryKeyRing } from '../../src/sandbox/keyring.ts';
import { startS3 } from '../../src/sandbox/s3.ts';
import { cryptoHex, systemClock } from '../../src/system.ts';
import type { Call, Manner } from '../../src/transport/call.ts';
import { Server } from '../../src/transport/server.ts';
import type { Traffic } from '../../src/transport/traffic.ts';
import { openS3Verifier } from '../../src/verifiers/s3.ts';
import { CERTIFICATE } from './certificate.ts';
import { closing, failureOf } from './failure.ts';
import { afterReading, answering, answerOf, rawServer } from './raw-server.ts';
import { tlsServer } from './tls-server.ts';

const MANNER: Manner = { server: 'the server', prefix: 'it', words: (body) => body, rules: [] };
const CALL: Call = { attempted: 'do the thing', method: 'POST', path: '/thing' };
const TIMEOUTS = { connect: 5_000, answer: 20_000 };

class Heard implements Traffic {
  readonly results: string[] = [];
  readonly durations: number[] = [];
  readonly certificates: number[] = [];

  called(result: string, durationMs: number): void {
    this.results.push(result);
    this.durations.push(durationMs);
  }

  certified(expiresAt: number): void {
    this.certificates.push(expiresAt);
  }
}

function serverAt(base: string, traffic: Traffic): Server {
  return closing(new Server({ base, manner: MANNER, timeouts: TIMEOUTS, traffic, ca: CERTIFICATE }));
}

describe('a call is told with its result and how long it took', () => {
  it.each([
    ['ok', answerOf(200, '{}')],
    ['rejected', answerOf(403, 'no')],
    ['unavailable', answerOf(429, 'slow down')],
    ['ambiguous', answerOf(500, 'oh')],
  ])('%s', async (result, answer) => {
    const heard = new Heard();
    const raw = closing(await rawServer(answering(answer)));
    await serverAt(raw.url, heard)
      .send(CALL)
      .catch(() => {});
    expect(heard.results).toEqual([result]);
    expect(heard.durations[0]).toBeGreaterThan(0);
  });

  it('a connection that is refused, and one that is lost', async () => {
    const heard = new Heard();
    const gone = await rawServer(() => {});
    await gone.close();
    await failureOf(serverAt(gone.url, heard).send(CALL));
    const rude = closing(await rawServer(afterReading((socket) => socket.destroy())));
    await failureOf(serverAt(rude.url, heard).send(CALL));
    expect(heard.results).toEqual(['unavailable', 'ambiguous']);
  });

  it('S3 that accepts a pair, that does not know it, and that is reached', async () => {
    const heard = new Heard();
    const asked: string[] = [];
    const ring = new MemoryKeyRing(systemClock, cryptoHex);
    const s3 = closing(await startS3({ ring }));
    const verifier = closing(
      openS3Verifier({
        trafficOf: (endpoint) => {
          asked.push(endpoint);
          return heard;
        },
      }),
    );
    const target = { endpoint: s3.url, region: 'r' };
    const { accessKeyId, secretAccessKey } = await ring.create();
    const pair = { accessKeyId, secretAccessKey: new Secret(secretAccessKey) };
    await verifier.probe(pair, target, ['invoices']);
    await verifier.probe({ ...pair, accessKeyId: 'NOBODY' }, target, []);
    await verifier.reach(target);
    expect(heard.results).toEqual(['ok', 'ok', 'rejected', 'ok']);
    expect(new Set(asked)).toEqual(new Set([s3.url]));
  });
});

describe('a certificate', () => {
  it('is told of with its end, once for each connection', async () => {
    const heard = new Heard();
    const server = serverAt(await tlsServer(), heard);
    await server.send(CALL);
    await server.send(CALL);
    expect(heard.certificates).toEqual([Date.parse('2126-10-30T08:44:51Z')]);
    expect(heard.results).toEqual(['ok', 'ok']);
  });

  it('is not there without TLS', async () => {
    const heard = new Heard();
    const raw = closing(await rawServer(answering(answerOf(200, '{}'))));
    await serverAt(raw.url, heard).send(CALL);
    expect(heard.certificates).toEqual([]);
  });
});
