import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../src/policy/secret.ts';
import { PortError } from '../../src/rotation/errors.ts';
import { EVENT_LEVELS, type EventName, type RotationEvent } from '../../src/rotation/events.ts';
import { Circuit } from '../../src/scheduler/circuit.ts';
import { createLogger, eventLogger, logCircuit, logProblem } from '../../src/telemetry/log.ts';
import { messageOf } from '../../src/telemetry/messages.ts';
import { NOW } from './views.ts';

/** A log and the text it has written so far. */
function logOf(isPretty = false, level: 'info' | 'trace' = 'trace') {
  const destination = new PassThrough();
  const chunks: Buffer[] = [];
  destination.on('data', (chunk: Buffer) => chunks.push(chunk));
  const logger = createLogger({ level, isPretty, destination });
  const text = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return Buffer.concat(chunks).toString();
  };
  const lines = async () =>
    (await text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { logger, text, lines };
}

const published: RotationEvent = {
  event: 'credential.published',
  application: 'billing',
  generation: 7,
  credentialId: 'c-7',
  accessKeyId: 'AKIA7',
  durationMs: 120,
  rotateAt: NOW,
};

test('an event is one line of JSON with its stable name, snake_case members, ISO times and plain words', async () => {
  const { logger, lines } = logOf();
  eventLogger(logger)(published);
  expect(await lines()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      event: 'credential.published',
      application: 'billing',
      generation: 7,
      credential_id: 'c-7',
      access_key_id: 'AKIA7',
      duration_ms: 120,
      rotate_at: '2026-03-01T12:00:00.000Z',
      msg: 'billing: published generation 7 (AKIA7) in 120ms; next rotation 2026-03-01T12:00:00.000Z',
    },
  ]);
});

test('each event is logged at its own level', async () => {
  const { logger, lines } = logOf();
  const report = eventLogger(logger);
  for (const event of Object.keys(EVENT_LEVELS) as EventName[]) report({ event, application: 'billing' });
  const levels = (await lines()).map((line) => [line.event, line.level]);
  expect(Object.fromEntries(levels)).toEqual(EVENT_LEVELS);
});

test('what lies below the level is not written', async () => {
  const { logger, text } = logOf(false, 'info');
  eventLogger(logger)({ event: 'credential.read_back', application: 'billing' });
  expect(await text()).toBe('');
});

test.each(Object.keys(EVENT_LEVELS) as EventName[])('%s reads well, with much known and with nothing', (event) => {
  const full = { ...published, event, why: 'due', reason: 'it broke', remedy: 'Mend it', revokeAt: NOW };
  for (const each of [full, { event, application: 'billing' }]) {
    const message = messageOf(each);
    expect(message).toMatch(/^billing: \S/);
    expect(message).not.toMatch(/undefined|null|NaN| {2}|\(\)|: *$/);
  }
});

test('a failure tells its reason and the way out', () => {
  const failed = { event: 'rotation.failed', application: 'billing', reason: 'no answer', remedy: 'Wait' } as const;
  expect(messageOf(failed)).toBe('billing: rotation failed: no answer. Wait');
  expect(messageOf({ ...failed, reason: 'it says: No.' })).toBe('billing: rotation failed: it says: No. Wait');
});

test.each([
  ['credential.adopted', 'billing: adopted generation 7 (AKIA7)'],
  ['candidate.revoked', 'billing: revoked the unpublished generation 7 (AKIA7)'],
  ['credential.revoked', 'billing: revoked generation 7 (AKIA7)'],
] as const)('%s is said in the words of the project', (event, words) => {
  expect(messageOf({ event, application: 'billing', generation: 7, accessKeyId: 'AKIA7' })).toBe(words);
});

test('on a terminal a line is the time, the level and the message, without pid, host or JSON', async () => {
  const { logger, text } = logOf(true);
  eventLogger(logger)(published);
  const line = stripVTControlCharacters(await text());
  expect(line).toMatch(/^\[\d\d:\d\d:\d\dZ\] INFO: billing: published generation 7 \(AKIA7\).*\n$/);
});

test('a secret in what is logged reads [secret]', async () => {
  const { logger, text } = logOf();
  logger.info({ key: new Secret('hush') }, 'x');
  expect(await text()).toContain('[secret]');
  expect(await text()).not.toContain('hush');
});

test('an error is written only as the problem it stands for', async () => {
  const { logger, lines, text } = logOf();
  logProblem(logger, 'http.failed', new TypeError('token hush was wrong'));
  expect(await text()).not.toContain('hush');
  expect((await lines())[0]).toMatchObject({ level: 'error', event: 'http.failed', code: 'internal-error' });
});

test('a server that is given up for now, and its return, are one line each', async () => {
  const { logger, lines } = logOf();
  const circuit = new Circuit({ server: 'vault', code: 'vault-circuit-open', failures: 1, probeAfterMs: [0] });
  logCircuit(logger, circuit);
  const down = new PortError({
    kind: 'unavailable',
    concerns: 'server',
    code: 'vault-sealed',
    attempted: 'read apps/a',
    reason: 'Vault is sealed',
    remedy: 'Unseal it.',
  });
  for (let time = 0; time < 3; time += 1) await circuit.execute('read', () => Promise.reject(down)).catch(() => {});
  await circuit.execute('read', () => Promise.resolve());
  expect(await lines()).toMatchObject([
    { level: 'error', event: 'circuit.opened', server: 'vault', remedy: 'Unseal it.' },
    { level: 'info', event: 'circuit.closed', server: 'vault' },
  ]);
});

test('what a server that is down does to every application is said once a minute, and then at level debug', async () => {
  const { logger, lines } = logOf();
  let now = 0;
  const report = eventLogger(logger, () => now);
  const failed = (application: string): RotationEvent => ({ event: 'pass.failed', application, code: 'vault-sealed' });
  report(failed('one'));
  report(failed('two'));
  now += 60_000;
  report(failed('three'));
  report({ event: 'pass.failed', application: 'four', code: 'verification-failed' });
  const levels = (await lines()).map((line) => [line['application'], line['level']]);
  expect(levels).toEqual([
    ['one', 'error'],
    ['two', 'debug'],
    ['three', 'error'],
    ['four', 'error'],
  ]);
});
