import { defineConfig } from 'vitest/config';

/** Everything that runs in a real Chromium. Without one it fails and says so. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    setupFiles: ['test/support/loopback-only.ts'],
    // one browser at a time; what takes long is its start
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
