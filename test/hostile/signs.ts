import { expect } from 'vitest';
import { PortError } from '../../src/rotation/errors.ts';
import { visible } from '../transport/leaks.ts';

/** Everything that a terminal or a reader of logs could stumble over. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Fails where a text could do something to a terminal, or is too long to read. */
export function expectCalm(text: string): void {
  expect(CONTROL.exec(text)?.index, JSON.stringify(text.slice(0, 400))).toBeUndefined();
  expect(text.length).toBeLessThan(3_000);
}

/** Fails where any secret could be seen in any printing of a value. */
export function expectSilent(value: unknown, secrets: readonly string[]): void {
  const seen = visible(value);
  for (const secret of secrets) expect(seen.includes(secret), `${secret} shows`).toBe(false);
}

/** What became of a call over a port: an answer, or the only kind of error that may come of one. */
export async function endOf<T>(
  work: Promise<T>,
  secrets: readonly string[],
): Promise<{ value?: T; error?: PortError }> {
  try {
    return { value: await work };
  } catch (error) {
    if (!(error instanceof PortError)) throw new Error(`no PortError: ${error}`, { cause: error });
    for (const text of [error.message, error.reason, error.remedy, error.code]) expectCalm(text);
    expectSilent(error, secrets);
    return { error };
  }
}

/** Fails where an object that everything inherits from was changed. */
export function expectUnpolluted(): void {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}
