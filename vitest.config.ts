import { defineConfig } from 'vitest/config';

/** Everything that needs no outside server. `test/real/` has its own configuration: vitest.real.config.ts. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**'],
    setupFiles: ['test/support/loopback-only.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
