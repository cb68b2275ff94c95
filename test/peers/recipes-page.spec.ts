import { expect, test } from 'vitest';
import { readPage } from '../docs/pages.js';
import type { Recipe, RecipeTest } from './recipe.js';
import { writeRecipes } from './recipes-page.js';

const page = `
## Libraries

<!-- recipes -->
<!-- /recipes -->

### Some Queue

Pass the writer.

<!-- recipe queue -->
What stood here before.
<!-- /recipe -->

A note that stays.
`;

const killed = (title: string, hasPassed = true): RecipeTest => ({ title, incident: 'is killed', hasPassed });
const alone = (title: string): RecipeTest => ({ title, incident: undefined, hasPassed: true });

function queue(...tests: readonly RecipeTest[]): Recipe {
  const packages = [{ name: 'some-queue', version: '1.2.3', needsOverrides: false }];
  return { name: 'queue', code: 'new Queue(writer);\n', packages, tests };
}

const row = (...results: readonly string[]) =>
  `| [Some Queue](#some-queue) | \`some-queue\` 1.2.3 | ${results.join(' | ')} | Pass the writer. |`;

test.each([
  ['works as it is', [killed('jobs run'), alone('jobs wait')]],
  ['needs this code', [killed('jobs run'), alone('without it, jobs are lost')]],
  ['does not work', [alone('does not work: it needs another client')]],
  ['fails its tests', [killed('jobs run'), killed('jobs wait', false)]],
  ['fails its tests', []],
])('the table says %s where the tests show it', (result, tests) => {
  expect(writeRecipes(page, [queue(...tests)])).toContain(row(result, 'not run'));
});

test('a section has the code and what the tests show, and keeps what was written by hand', () => {
  const written = writeRecipes(page, [queue(killed('jobs run'), alone('jobs wait'))]);
  expect(written).toContain('```ts\nnew Queue(writer);\n```');
  expect(written).toContain('When the master is killed:\n\n- Jobs run.');
  expect(written).toContain('Besides:\n\n- Jobs wait.');
  expect(written).toContain('A note that stays.');
  expect(written).not.toContain('What stood here before.');
});

test('a test that failed is named', () => {
  expect(writeRecipes(page, [queue(killed('jobs run', false))])).toContain(
    '**These tests failed:**\n\n- Jobs run.',
  );
});

test('a recipe without a section is refused, and a section without a recipe says that nothing was run', () => {
  const other = { ...queue(killed('jobs run')), name: 'other' };
  expect(() => writeRecipes(page, [other])).toThrow('has no section for other');
  expect(writeRecipes(page, [])).toContain('| [Some Queue](#some-queue) | nothing | fails its tests |');
});

test('each version of ioredis has a column of its own, which the runs of the other leave alone', () => {
  const [works, fails] = [queue(killed('jobs run')), queue(killed('jobs run', false))];
  const newest = writeRecipes(page, [works]);
  const both = writeRecipes(newest, [fails], 'ioredis-5');
  expect(both).toMatch(/^\| library \| tested \| ioredis 6\.[\d.]+ \| ioredis 5\.[\d.]+ \| with \|$/m);
  expect(both).toContain(row('works as it is', 'fails its tests'));
  expect(both.split('<!-- /recipes -->')[1]).toBe(newest.split('<!-- /recipes -->')[1]);
  expect(writeRecipes(both, [fails])).toContain(row('fails its tests', 'fails its tests'));
});

test('what is written is found again', () => {
  const recipes = [queue(killed('jobs run'))];
  const once = writeRecipes(page, recipes);
  expect(writeRecipes(once, recipes)).toBe(once);
});

test('the page of recipes has a part for each', () => {
  const { text } = readPage('docs/recipes.md');
  expect(text.match(/<!-- recipe [\w-]+ -->/g)).toHaveLength(text.match(/<!-- \/recipe -->/g)?.length ?? 0);
});
