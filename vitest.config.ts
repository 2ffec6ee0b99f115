import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Real processes that tick by the real clock, and are killed at their deadline: with much beside them, they miss it. */
const PROCESSES = [
  'test/chaos/chaos.test.ts',
  'test/cli/local.test.ts',
  'test/cli/console/ofRun.test.ts',
  'test/local/host/sandbox.test.ts',
];
/** Those that mostly wait, for ticks to come or for a program to begin: two of them at a time are not too many. */
const WAITING = [
  'test/cli/**/*.test.ts',
  'test/docs/docs.test.ts',
  'test/local/**/kill.test.ts',
  'test/local/run/{audit,inputs}.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The processes that tests start load the same modules again and again: most of what that takes is reading their TypeScript.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
    projects: [
      {
        extends: true,
        // On all cores: one less, which is the usual, is one of two where this has to be quick.
        test: {
          name: 'units',
          include: ['test/**/*.test.ts'],
          exclude: [...PROCESSES, ...WAITING],
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'processes', include: PROCESSES, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'waiting',
          include: WAITING,
          exclude: PROCESSES,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
