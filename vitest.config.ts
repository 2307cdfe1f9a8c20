import { defineConfig } from 'vitest/config';
import { WORKERS } from './test/support/workers.js';

export default defineConfig({
  test: {
    projects: [
      {
        // Pure code: no process, no port, so files share their threads.
        test: {
          name: 'fast',
          include: ['test/{unit,golden,fuzz,arch}/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // The built program against real peers: mostly waiting, but encoders and decoders want the cores.
        test: {
          name: 'e2e',
          include: ['test/{e2e,fault}/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: WORKERS,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // The peers have races of their own. scripts/lib/flaky-reporter.mjs names who needed it, and allows few.
          retry: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
