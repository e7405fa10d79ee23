import { afterEach } from 'vitest';
import { PortError } from '../../src/rotation/errors.ts';

const toClose: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one.close();
});

/** Closes it when the test is over, the last opened first. */
export function closing<T extends { close(): unknown }>(one: T): T {
  toClose.push(one);
  return one;
}

/** The `PortError` that the work fails with; anything else fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<PortError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PortError)) throw new Error(`expected a PortError, got ${String(error)}`);
  return error;
}
