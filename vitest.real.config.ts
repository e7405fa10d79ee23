import { defineConfig } from 'vitest/config';

/** Everything that runs on a real Vault and a real S3 server, one file after the other. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    globalSetup: ['test/real/setup.ts'],
    setupFiles: ['test/support/loopback-only.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
});
