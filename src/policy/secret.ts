import { inspect } from 'node:util';

/**
 * A value that must never be seen. However it is printed (string, JSON, `console.log`, a log line, an error), it reads
 * `[secret]`. Call `reveal()` only where a request is built, and never keep what it returns.
 */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/**
 * Where a secret comes from, read anew at each call: others may rotate it under us.
 * Throws `MissingSecret` when the variable or file is not there or empty.
 */
export type SecretSource = () => Promise<Secret>;

/** A secret reference that leads nowhere. The message names the variable or file and what to do, never a value. */
export class MissingSecret extends Error {
  override readonly name = 'MissingSecret';
}
