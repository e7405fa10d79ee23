import { globSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Tests on the stand-ins, which are spoken to over HTTP, take a hundred times as long as those that do without. */
const onTheStage = globSync('test/rotation/*.test.ts').filter((file) =>
  readFileSync(file, 'utf8').includes('support/stage.ts'),
);

/** The tests that no mutant of src/rotation and src/policy/schedule.ts is to survive: see docs/MUTATION.md. */
export default defineConfig({
  test: {
    include: ['test/rotation/*.test.ts', 'test/policy/{schedule,cron}.test.ts'],
    exclude: onTheStage,
    setupFiles: ['test/support/loopback-only.ts'],
    // each mutant gets a worker of its own anyway, and starting one per file is most of the time
    isolate: false,
    // no test here waits for anything; a mutant may make one wait for ever
    testTimeout: 10_000,
    hookTimeout: 10_000,
  },
});
