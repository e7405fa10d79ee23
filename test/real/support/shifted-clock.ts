import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Scene } from '../../support/scene.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'shifted-clock-preload.ts')).href;

/** A wall clock that a test sets, for programs on Node.js that are started with `env`. */
export class ShiftedClock {
  readonly #file: string;
  #shiftMs = 0;

  constructor(scene: Scene) {
    this.#file = join(mkdtempSync(join(scene.dir, 'clock-')), 'shift');
    this.shift(0);
  }

  /** What a program's environment needs so that it lives by this clock. */
  get env(): Readonly<Record<string, string>> {
    return { NODE_OPTIONS: `--import=${PRELOAD}`, SHIFTED_CLOCK: this.#file };
  }

  /** What this clock says, Unix ms. */
  now(): number {
    return Date.now() + this.#shiftMs;
  }

  /** So many ms ahead of the machine's clock, or behind; programs that run have it a moment later. */
  shift(ms: number): void {
    this.#shiftMs = ms;
    writeFileSync(`${this.#file}.new`, String(ms));
    renameSync(`${this.#file}.new`, this.#file);
  }

  /** Sets it to a date (ISO 8601) and lets it go on from there. */
  set(date: string): void {
    this.shift(Date.parse(date) - Date.now());
  }
}
