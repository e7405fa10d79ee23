import { expect, test } from 'vitest';
import { StoreSilences } from '../../src/rotation/silence.ts';
import { failure } from './memory.ts';
import { applicationOf, HOUR } from './scene.ts';

/** Looks every hour and has a grace of a day: what it reads may be out of date for two hours after a silence. */
const application = applicationOf({ graceMs: 24 * HOUR, consumers: { refreshMs: HOUR } });

/** Vault answered nobody from one hour to the other. */
function away(silences: StoreSilences, from: number, until: number): void {
  silences.failed(failure('ambiguous', 'vault-error'), from * HOUR);
  silences.answered(until * HOUR);
}

test('a silence puts off what consumers may still use, until they had the time to look, and is not shown any more then', () => {
  const silences = new StoreSilences();
  away(silences, 0, 25);
  const putOff = silences.putOff(application, 27 * HOUR - 1);
  expect(putOff).toMatchObject({ until: 27 * HOUR, problem: { code: 'unread-lately' } });
  expect(putOff?.problem.reason).toContain('1970-01-02T01:00:00');
  expect(silences.putOff(application, 27 * HOUR)).toBeUndefined();
});

test('a shorter silence after a long one does not make that forgotten', () => {
  const silences = new StoreSilences();
  away(silences, 0, 25);
  away(silences, 25.5, 26);
  expect(silences.putOff(application, 26 * HOUR)?.until).toBe(27 * HOUR);
});

test('a longer silence after a short one counts from its own end', () => {
  const silences = new StoreSilences();
  away(silences, 0, 2);
  away(silences, 3, 10);
  expect(silences.putOff(application, 10 * HOUR)?.until).toBe(12 * HOUR);
});

test('before anything was silent nothing is put off', () => {
  expect(new StoreSilences().putOff(application, 0)).toBeUndefined();
});
