import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import { type ProcessSpec, RunningProcess } from './running-process.ts';

/** What one test file starts: a folder of its own and processes, all gone at its end. */
export class Scene {
  readonly dir = mkdtempSync(join(tmpdir(), 'rekeyd-test-'));
  readonly #processes: RunningProcess[] = [];
  readonly #endings: (() => Promise<unknown>)[] = [];

  start(spec: ProcessSpec): RunningProcess {
    const child = new RunningProcess(spec, join(this.dir, `${this.#processes.length}-${spec.name}.log`));
    this.#processes.push(child);
    this.atEnd(() => child.stop());
    return child;
  }

  /** Runs at the end; what was added last runs first. */
  atEnd(ending: () => Promise<unknown>): void {
    this.#endings.unshift(ending);
  }

  tails(): string {
    return this.#processes.map((child) => child.tail()).join('\n');
  }

  async close(): Promise<void> {
    for (const ending of this.#endings) await ending();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** A scene for the test file that calls it. When a test fails, what the processes said last is shown. */
export function useScene(): Scene {
  const scene = new Scene();
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => void process.stderr.write(`${scene.tails()}\n`));
  });
  afterAll(() => scene.close(), 60_000);
  return scene;
}
