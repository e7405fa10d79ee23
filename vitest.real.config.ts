import { defineConfig } from 'vitest/config';

/** Everything that runs on a real Vault and a real S3 server; each file has servers of its own. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    globalSetup: ['test/real/setup.ts'],
    setupFiles: ['test/support/loopback-only.ts'],
    pool: 'forks',
    // a stray is old only after three minutes, so most of the time goes by in waiting
    maxWorkers: 3,
    testTimeout: 180_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
