import { defineConfig } from 'vitest/config';
import real from './vitest.real.config.ts';

/** The soak: one long test on the real servers; `npm run soak` says for how long. */
export default defineConfig({
  test: { ...real.test, include: ['test/soak/soak.test.ts'], testTimeout: 0, reporters: ['verbose'] },
});
