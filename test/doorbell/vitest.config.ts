import { defineConfig } from 'vitest/config';

/** For main.ts only: the name keeps this suite out of the ordinary run, which installs nothing and waits for no queue. */
export default defineConfig({
  test: { include: ['test/doorbell/*.suite.ts'], testTimeout: 60_000, hookTimeout: 30_000 },
});
