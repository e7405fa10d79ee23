import { expect, test } from 'vitest';
import { CallCounts } from '../../src/telemetry/call-counts.ts';

/** Counts by a clock that the test moves. */
function counting() {
  const clock = { ms: 5_000 };
  const counts = new CallCounts(() => clock.ms);
  const call = (server: string, times = 1) => {
    for (let each = 0; each < times; each += 1) counts.count(server);
  };
  return { counts, clock, call };
}

test('the calls of the last minute are counted for each server, and older ones are not', () => {
  const { counts, clock, call } = counting();
  expect(counts.lastMinute('issuer sto1')).toBe(0);
  call('issuer sto1', 3);
  call('Vault');
  clock.ms += 30_000;
  call('issuer sto1');
  expect([counts.lastMinute('issuer sto1'), counts.lastMinute('Vault')]).toEqual([4, 1]);
  clock.ms += 29_000;
  expect(counts.lastMinute('issuer sto1')).toBe(4);
  clock.ms += 1_000;
  expect([counts.lastMinute('issuer sto1'), counts.lastMinute('Vault')]).toEqual([1, 0]);
  clock.ms += 3_600_000;
  call('issuer sto1', 2);
  expect(counts.lastMinute('issuer sto1')).toBe(2);
});

test('of thousands of servers those that are called are counted', () => {
  const { counts, clock, call } = counting();
  for (let each = 0; each < 5_000; each += 1) {
    call(`S3 ${each}`);
    call('issuer sto1');
    clock.ms += 1_000;
  }
  expect(counts.lastMinute('issuer sto1')).toBe(59);
  expect(counts.lastMinute('S3 4999')).toBe(1);
  expect(counts.lastMinute('S3 1')).toBe(0);
});
