import { defineConfig } from 'vitest/config';
import { sabotagedHearts } from './test/model/sabotage-plugin.ts';

/** Everything that needs no outside server and no browser: `test/real/`, `test/browser/` and the soak have their own configurations. */
export default defineConfig({
  plugins: [sabotagedHearts()],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/browser/**', 'test/soak/soak.test.ts', 'test/consumers/**'],
    setupFiles: ['test/support/loopback-only.ts'],
    // most of the time goes by in waiting for processes and servers, so more than the machine's cores
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
