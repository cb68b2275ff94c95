import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { root } from '../docs/pages.js';
import { readRecipe, type Ioredis, type RecipeTest } from './recipe.js';
import { commands, writeRecipes } from './recipes-page.js';

const page = `${root}docs/recipes.md`;
const folder = 'test/peers/recipes/';
const end = '.spec.ts';

/**
 * Compares `docs/recipes.md` with what the tests of the recipes have shown, when all of them were run; with `-u`, as for
 * snapshots, it writes the page.
 */
export class RecipeReporter implements Reporter {
  #isUpdate = false;

  onInit({ config }: Vitest): void {
    this.#isUpdate = config.snapshotOptions.updateSnapshot === 'all';
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    for (const ioredis of ['ioredis', 'ioredis-5'] as const) {
      await this.#compare(
        modules.filter(({ project }) => project.name === ioredis),
        ioredis,
      );
    }
  }

  async #compare(modules: readonly TestModule[], ioredis: Ioredis): Promise<void> {
    const run = modules.filter(({ relativeModuleId }) => relativeModuleId.startsWith(folder));
    if (run.length < readdirSync(root + folder).filter((file) => file.endsWith(end)).length) return;
    const recipes = run.map(({ relativeModuleId, children }) => {
      const name = relativeModuleId.slice(folder.length, -end.length);
      return readRecipe(name, [...children.allTests()].map(describe), ioredis);
    });
    const before = readFileSync(page, 'utf8');
    const options = { ...(await resolveConfig(page)), parser: 'markdown' };
    const after = await format(writeRecipes(before, recipes, ioredis), options);
    if (after === before) return;
    if (this.#isUpdate) {
      writeFileSync(page, after);
    } else {
      process.stderr.write(`docs/recipes.md is not what the tests show: run ${commands[ioredis]}\n`);
      process.exitCode = 1;
    }
  }
}

function describe(test: TestCase): RecipeTest {
  const { name, parent } = test;
  const [, incident] =
    (parent.type === 'suite' ? /^when the master '(.*)'$/.exec(parent.name) : undefined) ?? [];
  return { title: name, incident, hasPassed: test.result().state === 'passed' };
}
