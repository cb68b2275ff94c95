import { mergeConfig } from 'vitest/config';
import { RecipeReporter } from './test/peers/recipe-reporter.js';
import base from './vitest.config.js';

const { test, ...rest } = base;
export default mergeConfig(
  { ...rest, test: { ...test, projects: undefined } },
  {
    test: { include: ['test/peers/**/*.spec.ts'], testTimeout: 60_000, reporters: [new RecipeReporter()] },
  },
);
