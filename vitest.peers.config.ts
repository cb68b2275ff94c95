import { mergeConfig } from 'vitest/config';
import { RecipeReporter } from './test/peers/recipe-reporter.js';
import base from './vitest.config.js';

const { test, ...rest } = base;
const specs = 'test/peers/**/*.spec.ts';

export default mergeConfig(
  { ...rest, test: { ...test, projects: undefined } },
  {
    test: {
      testTimeout: 60_000,
      reporters: [new RecipeReporter()],
      projects: [
        { extends: true, test: { name: 'ioredis', include: [specs] } },
        {
          extends: true,
          resolve: { alias: [{ find: /^ioredis$/, replacement: 'ioredis-5' }] },
          test: {
            name: 'ioredis-5',
            include: [specs],
            // It is about the types and members of one version.
            exclude: ['test/peers/ioredis-surface.spec.ts'],
            setupFiles: ['reflect-metadata', './test/peers/with-ioredis-5.ts'],
          },
        },
      ],
    },
  },
);
