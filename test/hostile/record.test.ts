import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rescheduledAt } from '../../src/policy/schedule.ts';
import { decide } from '../../src/rotation/decide.ts';
import { MAX_GENERATION, nextGeneration, parseMarker } from '../../src/rotation/marker.ts';
import { iso, type RotationRecord, readRecord, writeRecord } from '../../src/rotation/record.ts';
import { viewOf } from '../../src/rotation/view.ts';
import { DAY, dataOf, INSTANCE, marked, NOW, recordOf, scene, unmarked } from '../rotation/scene.ts';
import { edited, edits } from './edits.ts';
import { PATIENCE, runs } from './runs.ts';
import { expectCalm, expectSilent, expectUnpolluted } from './signs.ts';
import { ESCAPES, nastyText } from './texts.ts';

const entry = (n: number) => {
  return { id: `id-${n}`, access_key_id: `AK${n}`, instance: INSTANCE, revoke_at: iso(NOW - DAY), why: 'rotated' };
};

const whole = recordOf({
  superseded: [entry(6), entry(5)],
  hold: { until: iso(NOW + DAY), by: 'anna', why: 'a fair' },
});
const secret = dataOf(whole)['secret_access_key'] as string;

test(
  'whatever stands in the field rekeyd, it is read as a record that can be written and read again, or not at all',
  () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const reading = readRecord({ rekeyd: edited(writeRecord(whole), changes) });
        expectUnpolluted();
        if (reading.state === 'unreadable') return expectCalm(reading.why);
        expect(reading.state).toBe('record');
        if (reading.state !== 'record') return;
        expect(readRecord({ rekeyd: writeRecord(reading.record) })).toEqual(reading);
      }),
      runs(400),
    );
  },
  PATIENCE,
);

test(
  'whatever a record or the fields beside it say, what is decided touches neither the current nor a foreign credential',
  () => {
    const listed = [marked(7, 7), marked(6, 6), unmarked(5), unmarked(9)];
    fc.assert(
      fc.property(
        edits,
        edits,
        fc.boolean(),
        fc.dictionary(nastyText, nastyText),
        (inRecord, around, both, foreign) => {
          const rekeyd = edited(writeRecord(whole), inRecord);
          const text = JSON.stringify({ ...foreign, ...dataOf(whole), rekeyd });
          const data = parsed(both ? edited(text, around) : text);
          if (!data) return;
          const s = scene({ record: whole, data, listed });
          const { decision, notices } = decide(s);
          if (decision.do === 'revoke') expect(decision.entries.map(({ id }) => id)).toEqual(['id-6']);
          const words = decision.do === 'refuse' ? [decision.refusal] : [];
          for (const { reason, remedy } of [...words, ...notices]) expectCalm(reason + remedy);
          expectSilent([words, notices, viewOf(s)], [secret]);
          for (const { revokeAt } of viewOf(s).superseded) expect(Number.isNaN(revokeAt)).toBe(false);
        },
      ),
      runs(250),
    );
  },
  PATIENCE,
);

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

test(
  'a description is our marker only if it is exactly that, and never longer than we can write',
  () => {
    const texts = fc.oneof(
      nastyText,
      fc
        .tuple(nastyText, fc.nat(50))
        .map(([text, at]) => marked(7, 7).description.slice(0, at) + text + marked(7, 7).description.slice(at)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const marker = parseMarker(text);
        if (marker) expect(marker.generation).toBeLessThanOrEqual(MAX_GENERATION);
      }),
      runs(300),
    );
  },
  PATIENCE,
);

describe('what a record may say', () => {
  const read = (more: Record<string, unknown>) => readRecord({ rekeyd: JSON.stringify({ ...whole, ...more }) });

  test('a generation after which no marker could be read is none, and the last one stays', () => {
    expect(read({ generation: 2 ** 53 - 1 }).state).toBe('unreadable');
    expect(read({ generation: MAX_GENERATION }).state).toBe('record');
    const record = recordOf({ generation: MAX_GENERATION, rotate_at: iso(NOW - DAY) });
    expect(decide(scene({ record }))).toMatchObject({ decision: { do: 'rotate', generation: MAX_GENERATION } });
    expect(nextGeneration(7)).toBe(8);
  });

  test('a moment that no record could hold is written as the nearest that it can', () => {
    for (const time of [8.64e15, -8.64e15, Number.MAX_VALUE, Date.parse('9999-12-31T23:59:59-23:59')]) {
      expect(read({ rotate_at: iso(time) }).state).toBe('record');
    }
    const far = '9999-12-31T23:59:59Z';
    for (const rotate of [{ everyMs: 3_650 * DAY }, { cron: '0 3 1 * *' }]) {
      const at = rescheduledAt({ timezone: 'UTC', jitterMs: 0, ...rotate }, Date.parse(far), NOW, {
        owner: 'acme',
        application: 'billing',
        generation: 7,
      });
      expect(at).toBeGreaterThan(NOW);
      expect(at).toBeLessThanOrEqual(NOW + 3_650 * DAY);
    }
  });

  test('names of fields that a terminal would obey make it unreadable, and are not shown', () => {
    for (const sign of ESCAPES.filter((one) => one !== '')) {
      const reading = read({ fields: { [`a${sign}b`]: '{access_key_id}' } });
      expect(reading.state).toBe('unreadable');
      if (reading.state === 'unreadable') expectCalm(reading.why);
    }
  });

  test('what is nested too deeply to be written again makes it unreadable', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const rekeyd = `${JSON.stringify(whole).slice(0, -1)},"more":${deep}}`;
    expect(readRecord({ rekeyd })).toEqual({ state: 'unreadable', why: 'it is nested too deeply' });
  });

  test('100,000 superseded entries are more than any record has; 10,000 are looked through beside a large secret', () => {
    const entries = (count: number): RotationRecord['superseded'] =>
      Array.from({ length: count }, (_, n) => entry(n + 10));
    expect(read({ superseded: entries(100_000) })).toMatchObject({ state: 'unreadable' });
    const record = recordOf({ superseded: entries(10_000) });
    const data = { ...dataOf(record), large: Array.from({ length: 2_000 }, (_, n) => ({ n, text: 'x'.repeat(400) })) };
    const listed = [marked(7, 7), ...Array.from({ length: 10_000 }, (_, n) => ({ ...marked(n + 10, 6) }))];
    expect(decide(scene({ record, data, listed })).decision).toMatchObject({ do: 'revoke' });
  });
});

test('150,000 credentials with our marker are decided on, whatever they are', () => {
  const one = marked(10, 8);
  const listed = Array.from({ length: 150_000 }, (_, n) => ({ ...one, id: `id-${n}`, accessKeyId: `AK${n}` }));
  expect(decide(scene({ listed, request: { rotate: true, despite: ['strays-full'] } })).decision).toMatchObject({
    do: 'rotate',
    generation: 9,
  });
});
