import { defineConfig } from 'vitest/config';

/** The consumers of docs/consumers.md, each as it is: they need s3cmd, rclone and restic, and say so. */
export default defineConfig({
  test: {
    include: ['test/consumers/**/*.test.ts'],
    globalSetup: ['test/real/setup.ts'],
    setupFiles: ['test/support/loopback-only.ts'],
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
});
