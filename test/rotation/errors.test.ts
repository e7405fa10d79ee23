import { expect, test } from 'vitest';
import { PortError, problemOf, troubleOf } from '../../src/rotation/errors.ts';
import { failure } from './memory.ts';

test('what is no failure of a port shows its kind only: its message may hold anything, a secret too', () => {
  for (const error of [new TypeError('the key is hunter2'), 'hunter2']) {
    const problem = problemOf(error);
    expect(problem.code).toBe('internal-error');
    expect(problem.reason).toContain(typeof error === 'string' ? 'string' : 'TypeError');
    expect(problem.remedy).toMatch(/\w{3}/);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    expect(troubleOf(error)).toEqual({ kind: 'failed', ...problem });
  }
});

test('a failure of a port says what was attempted, why it failed and what to do, and when to come back', () => {
  const error = failure('unavailable', 'vault-sealed', { retryAfterMs: 5000 });
  expect(error).toBeInstanceOf(PortError);
  expect(error.name).toBe('PortError');
  expect(error.message).toBe('could not do it: it is vault-sealed');
  const problem = { code: 'vault-sealed', reason: error.message, remedy: 'mend it' };
  expect(problemOf(error)).toEqual(problem);
  expect(troubleOf(error)).toEqual({ kind: 'failed', ...problem, retryAfterMs: 5000 });
  expect(troubleOf(failure('rejected', 'conflict'))).not.toHaveProperty('retryAfterMs');
});
