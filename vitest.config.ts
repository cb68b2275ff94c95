import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ProjectTimes } from './test/support/project-times.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** What must hold with each version of ioredis that is supported; the other specs do not depend on it. */
const specsOfConnections = [
  'test/connections/{following-redis,ioredis/handshake,ioredis/internals}.spec.ts',
  'test/integration/{after-closing,broken-bytes,connection-options,outcomes,pubsub,reader,scripts,secured,session,settling,tracing,transactions,writer}.spec.ts',
  'test/integration/cluster-{module,outcomes}.spec.ts',
];

/** The same specs with another version of ioredis, installed under a name of its own. */
const withIoredis = (name: string) => ({
  extends: true as const,
  resolve: { alias: [{ find: /^ioredis$/, replacement: name }] },
  test: { name, include: specsOfConnections },
});

export default defineConfig({
  resolve: {
    alias: [
      { find: /^nestjs-redis-replication$/, replacement: path('lib/index.ts') },
      { find: /^nestjs-redis-replication\/aws$/, replacement: path('lib/aws/index.ts') },
      { find: /^nestjs-redis-replication\/azure$/, replacement: path('lib/azure/index.ts') },
      { find: /^nestjs-redis-replication\/dashboard$/, replacement: path('lib/dashboard/index.ts') },
      { find: /^nestjs-redis-replication\/elasticache$/, replacement: path('lib/elasticache/index.ts') },
      { find: /^nestjs-redis-replication\/google$/, replacement: path('lib/google/index.ts') },
      { find: /^nestjs-redis-replication\/health$/, replacement: path('lib/health/index.ts') },
      { find: /^nestjs-redis-replication\/metrics$/, replacement: path('lib/metrics/index.ts') },
      {
        find: /^nestjs-redis-replication\/microservices$/,
        replacement: path('lib/microservices/index.ts'),
      },
      { find: /^nestjs-redis-replication\/testing$/, replacement: path('lib/testing/index.ts') },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'ioredis', include: ['test/**/*.spec.ts'], exclude: ['test/peers/**'] },
      },
      withIoredis('ioredis-5'),
      withIoredis('ioredis-5.4'),
    ],
    reporters: ['default', new ProjectTimes()],
    environment: 'node',
    setupFiles: ['reflect-metadata'],
    pool: 'forks',
    // Most specs wait for servers, so two cores serve three workers; more would distort times.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
