import type { Clock } from '../../src/rotation/ports.ts';

/** A clock that stands still until a test moves it. */
export class SetClock implements Clock {
  #now: number;

  constructor(now: number = Date.now()) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.advance(ms);
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}
