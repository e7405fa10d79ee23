import { getTasks } from 'node-cron';
import { afterEach, expect, test, vi } from 'vitest';
import { Heartbeat } from '../../src/scheduler/heartbeat.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('beats every second until it is stopped, and leaves nothing behind', async () => {
  vi.useFakeTimers({ now: Date.parse('2026-03-01T12:00:00Z') });
  let beats = 0;
  const heartbeat = new Heartbeat(() => (beats += 1));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(beats).toBe(3);
  await heartbeat.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toBe(3);
  expect(getTasks().size).toBe(0);
});

test('goes on beating when the clock of the machine is put back', async () => {
  vi.useFakeTimers();
  let beats = 0;
  const heartbeat = new Heartbeat(() => (beats += 1));
  await vi.advanceTimersByTimeAsync(2_000);
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toBeGreaterThan(50);
  await heartbeat.stop();
});

test('tells how long ago it beat', async () => {
  vi.useFakeTimers();
  const heartbeat = new Heartbeat(() => {});
  await vi.advanceTimersByTimeAsync(1_400);
  expect(heartbeat.sinceBeatMs).toBeLessThan(1_000);
  await heartbeat.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(heartbeat.sinceBeatMs).toBeGreaterThanOrEqual(10_000);
});

test('a beat that fails counts as none, so that a health check notices', async () => {
  vi.useFakeTimers();
  const heartbeat = new Heartbeat(() => {
    throw new Error('a defect');
  }, 60_000);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(heartbeat.sinceBeatMs).toBeGreaterThanOrEqual(4_000);
  await heartbeat.stop();
});
