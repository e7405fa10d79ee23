import { writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';

/** Counts checks, says how each of them went, and reports them in the form that `.ci/run` adds up. */
export class Checks {
  #passed = 0;
  #failed = 0;

  /** Runs one check: it holds unless `holds` throws. The others go on. */
  async check(promise: string, holds: () => unknown): Promise<void> {
    await signals();
    try {
      await holds();
      this.#passed += 1;
      this.say(`ok: ${promise}`);
    } catch (error) {
      this.#failed += 1;
      this.say(`FAILED: ${promise}\n${error instanceof Error ? error.message : String(error)}`);
    }
  }

  say(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  /** Writes the report to the file named last on the command line, if one is, and sets the exit code. */
  report(): void {
    const [, , file] = process.argv;
    if (file !== undefined) {
      writeFileSync(file, JSON.stringify({ numPassedTests: this.#passed, numFailedTests: this.#failed }));
    }
    process.exitCode = this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

/**
 * Lets this process hear a signal that came while it waited for a program, which it does deaf to everything. The event
 * loop listens between two of its turns.
 */
async function signals(): Promise<void> {
  await turn();
  await turn();
}
