import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/helpers/build_userland.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two workers: the emulator keeps a core busy, and the machines we test on have two.
    pool: 'forks',
    poolOptions: { forks: { maxForks: 2, minForks: 1 } },
    reporters: ['default', './test/helpers/closing_line.ts'],
  },
});
