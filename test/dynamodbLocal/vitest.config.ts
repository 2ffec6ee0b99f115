import { defineConfig } from 'vitest/config';

/** For run.ts only: the name keeps this suite out of the ordinary run, which needs no Java. */
export default defineConfig({
  test: {
    include: ['test/dynamodbLocal/*.suite.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
