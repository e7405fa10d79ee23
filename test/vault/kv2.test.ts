import { describe, expect, it } from 'vitest';
import { missingAnswer, missingSecret, presentAnswer } from '../../src/vault/kv2.ts';
import { durationMs, nanosecondsOf } from '../../src/vault/time.ts';

const gone = (deletion_time: string, destroyed = false, created_time = '2026-11-23T08:32:44.412906117Z') =>
  missingSecret(
    missingAnswer.parse({ data: { data: null, metadata: { version: 3, created_time, deletion_time, destroyed } } }),
    0,
  ).state;

describe('a version that is gone', () => {
  it('is expired when it ended whole seconds after it was made, to the nanosecond', () => {
    expect(gone('2026-11-23T09:32:44.412906117Z')).toBe('expired');
  });

  it('is deleted when it ended one nanosecond beside that', () => {
    expect(gone('2026-11-23T09:32:44.412906118Z')).toBe('deleted');
  });

  it('is expired where Vault left out the zeros at the end of both times', () => {
    expect(gone('2026-11-23T09:32:44.5Z', false, '2026-11-23T08:32:44.5Z')).toBe('expired');
    expect(gone('2026-11-23T09:32:45Z', false, '2026-11-23T08:32:44Z')).toBe('expired');
  });

  it('is deleted when it was destroyed, whenever it would have ended', () => {
    expect(gone('2026-11-23T09:32:44.412906117Z', true)).toBe('deleted');
    expect(gone('', true)).toBe('deleted');
  });
});

describe('an answer of KV v2', () => {
  it('is no absence unless it is exactly an empty list of errors', () => {
    expect(missingAnswer.safeParse({ errors: [] }).success).toBe(true);
    expect(missingAnswer.safeParse({ errors: ['no handler'] }).success).toBe(false);
    expect(missingAnswer.safeParse({}).success).toBe(false);
    expect(missingAnswer.safeParse({ data: null, warnings: ['Invalid path'] }).success).toBe(false);
  });

  it('is no secret without its data', () => {
    const metadata = { version: 1, created_time: '2026-11-23T08:32:44Z', deletion_time: '', destroyed: false };
    expect(presentAnswer.safeParse({ data: { data: null, metadata } }).success).toBe(false);
    expect(presentAnswer.safeParse({ data: { data: [], metadata } }).success).toBe(false);
    expect(
      presentAnswer.safeParse({ data: { data: {}, metadata: { ...metadata, created_time: 'then' } } }).success,
    ).toBe(false);
  });
});

describe('times and durations', () => {
  it('are nanoseconds of every form that Vault writes, and nothing else', () => {
    expect(nanosecondsOf('1970-01-01T00:00:01.000000002Z')).toBe(1_000_000_002n);
    expect(nanosecondsOf('1970-01-01T01:00:00.5+01:00')).toBe(500_000_000n);
    expect(nanosecondsOf('')).toBeUndefined();
    expect(nanosecondsOf('2026-99-01T00:00:00Z')).toBeUndefined();
  });

  it.each([
    ['0s', 0],
    ['3h25m19s', 12_319_000],
    ['1h0m0s', 3_600_000],
    ['-1s', -1000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['', undefined],
    ['1d', undefined],
    ['5', undefined],
  ])('%s is %s ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
});
