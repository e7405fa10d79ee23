import { expect, test } from 'vitest';
import { changedDescription, notNew, stopping, tooLate } from '../../src/rotation/attempt-errors.ts';
import { INSTANCE } from './scene.ts';

/** None but `stopping` is `unavailable`: that kind is sent again in place. `server` opens the issuer's circuit. */
test.each([
  ['a changed description', changedDescription(INSTANCE), 'rejected', 'description-changed', 'server', INSTANCE],
  ['an answer that is not about a new one', notNew(INSTANCE), 'ambiguous', 'issuer-bad-answer', 'server', INSTANCE],
  ['an attempt that took too long', tooLate('billing'), 'rejected', 'attempt-too-long', 'request', 'billing'],
  ['the end of the process', stopping('billing'), 'unavailable', 'stopping', 'request', 'billing'],
])('%s has a kind, names what it is about, and says what to do', (_, error, kind, code, concerns, about) => {
  expect(error).toMatchObject({ kind, code, concerns });
  expect(error.attempted).toContain(about);
  expect(error.reason).toMatch(/\w{3}/);
  expect(error.remedy).toMatch(/\w{3}/);
});
