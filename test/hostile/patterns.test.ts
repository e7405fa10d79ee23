import { expect, test } from 'vitest';
import { parseListenAddress } from '../../src/policy/address.ts';
import { cronMistake, isTimezone } from '../../src/policy/cron.ts';
import { parseDuration } from '../../src/policy/duration.ts';
import { fieldMistakes } from '../../src/policy/fields.ts';
import { didYouMean } from '../../src/policy/nearest.ts';
import { vaultPathMistake } from '../../src/policy/vault-path.ts';
import { renderFields } from '../../src/rotation/mapping.ts';
import { parseMarker } from '../../src/rotation/marker.ts';
import { readRecord, writeRecord } from '../../src/rotation/record.ts';
import { showable } from '../../src/transport/scrub.ts';
import { durationMs, httpDateMs, nanosecondsOf } from '../../src/vault/time.ts';
import { S3 } from '../../src/verifiers/s3-manner.ts';
import { pairOf, recordOf, TARGET } from '../rotation/scene.ts';

const LENGTH = 200_000;

/** Long texts that lead a pattern on and then disappoint it. */
const LURES: readonly string[] = [
  ...['a', '0', ' ', '-', '/', '.', '{', '<', '\u001b', '1h', 'a/', '0.', '* ', ',1', '1-', '{a', '<Code>'].map(
    (part) => part.repeat(LENGTH / part.length),
  ),
].flatMap((text) => [text, `${text}!`, `rekeyd:acme/${text}`, `<Code>${text}`, `Bearer ${text}`, `1${text}h`]);

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  address: parseListenAddress,
  cron: cronMistake,
  timezone: isTimezone,
  duration: parseDuration,
  'duration of Vault': durationMs,
  'time of Vault': nanosecondsOf,
  'date header': httpDateMs,
  field: (text) => fieldMistakes({ [text]: text }),
  name: (text) => didYouMean(text, ['billing', 'x'.repeat(LENGTH)]),
  path: vaultPathMistake,
  marker: parseMarker,
  template: (text) => renderFields({ a: text }, pairOf('AK'), TARGET),
  record: (text) => readRecord({ rekeyd: writeRecord({ ...recordOf(), by: text, region: text, published_at: text }) }),
  words: (text) => showable(text),
  'code of S3': (text) => S3.words(text),
};

/** What takes longer than this, in ms of the processor, grows faster than the text. */
const BOUND_MS = 2_000;

test.each(Object.keys(READERS))('no long text keeps the reader of a %s busy', (name) => {
  for (const text of LURES) {
    const began = process.cpuUsage();
    READERS[name]?.(text);
    const spent = process.cpuUsage(began);
    expect((spent.user + spent.system) / 1_000, text.slice(0, 30)).toBeLessThan(BOUND_MS);
  }
});

test('a word that every object inherits is no placeholder', () => {
  for (const word of ['constructor', '__proto__', 'valueOf']) {
    const rendered = renderFields({ a: `{${word}}` }, pairOf('AK'), TARGET).reveal();
    expect(rendered['a']).toBe(`{${word}}`);
  }
});

test('a date header is a date in the one form that servers write, and of our time', () => {
  expect(httpDateMs('Mon, 23 Nov 2026 11:23:53 GMT')).toBe(Date.parse('2026-11-23T11:23:53Z'));
  for (const text of [
    '5',
    '2026',
    'foo 2001 (bar)',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'Sat, 13 Sep 275760 00:00:00 GMT',
    '',
  ]) {
    expect(httpDateMs(text)).toBeUndefined();
  }
});
