import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^nestjs-redis-replication$/, replacement: path('lib/index.ts') },
      { find: /^nestjs-redis-replication\/health$/, replacement: path('lib/health/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.spec.ts'],
    environment: 'node',
    setupFiles: ['reflect-metadata'],
    pool: 'forks',
    // Server processes run beside each worker; more of them make times meaningless, not the run faster.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
