import { installed, verdictOf, type Package, type Recipe, type RecipeTest } from './recipe.js';

const remark = 'Written by `npm run test:peers -- -u` from what the tests have shown.';

/**
 * The page with its generated parts written anew: the table between `<!-- recipes -->` and `<!-- /recipes -->`, and below
 * a heading each what stands between `<!-- recipe NAME -->` and `<!-- /recipe -->`.
 */
export function writeRecipes(page: string, recipes: readonly Recipe[]): string {
  const sections = sectionsOf(page);
  const missing = recipes.filter(({ name }) => !sections.has(name)).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`docs/recipes.md has no section for ${missing.join(', ')}`);
  const byName = new Map(recipes.map((recipe) => [recipe.name, recipe]));
  const table = tableOf([...sections].flatMap(([name, section]) => rowOf(byName.get(name), section)));
  return page
    .replace(/<!-- recipes -->[^]*?<!-- \/recipes -->/, () =>
      ['<!-- recipes -->', `<!-- ${remark} -->`, table, '<!-- /recipes -->'].join('\n\n'),
    )
    .replace(/<!-- recipe ([\w-]+) -->[^]*?<!-- \/recipe -->/g, (_all, name: string) =>
      [`<!-- recipe ${name} -->`, ...partsOf(byName.get(name)), '<!-- /recipe -->'].join('\n\n'),
    );
}

interface Section {
  readonly title: string;
  /** The first paragraph below the title. */
  readonly advice: string;
}

/** By the name of the recipe. */
function sectionsOf(page: string): ReadonlyMap<string, Section> {
  const found = page.matchAll(/^### (.+)\n\n(.+)\n(?:(?!^##)[^])*?<!-- recipe ([\w-]+) -->/gm);
  return new Map([...found].map(([, title = '', advice = '', name = '']) => [name, { title, advice }]));
}

function tableOf(rows: readonly string[]): string {
  return ['| library | tested | result | with |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function rowOf(recipe: Recipe | undefined, { title, advice }: Section): readonly string[] {
  if (recipe === undefined) return [`| ${title} | nothing | fails its tests | ${advice} |`];
  const anchor = title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
  const versions = recipe.packages.map(({ name, version }) => `\`${name}\` ${version}`).join(', ');
  return [`| [${title}](#${anchor}) | ${versions} | ${verdictOf(recipe)} | ${advice} |`];
}

function partsOf(recipe: Recipe | undefined): readonly string[] {
  if (recipe === undefined) return ['No test was run.'];
  const { code, packages, tests } = recipe;
  const failed = tests.filter(({ hasPassed }) => !hasPassed).map(({ title }) => title);
  const both = titlesOf(tests.filter(({ incident }) => incident !== undefined));
  const others = titlesOf(tests.filter(({ incident }) => incident === undefined));
  return [
    ...(code === undefined ? [] : [`\`\`\`ts\n${code.trimEnd()}\n\`\`\``]),
    ...overridesFor(packages),
    ...(failed.length > 0 ? [`**These tests failed:**\n\n${listOf(failed)}`] : []),
    ...(both.length > 0 ? [`When the master ${incidentsOf(tests)}:\n\n${listOf(both)}`] : []),
    ...(others.length > 0 ? [`${both.length > 0 ? 'Besides' : 'Tests show'}:\n\n${listOf(others)}`] : []),
  ];
}

function overridesFor(packages: readonly Package[]): readonly string[] {
  const names = packages.filter(({ needsOverrides }) => needsOverrides).map(({ name }) => `\`${name}\``);
  const peers = ['ioredis', '@nestjs/core'].map(installed);
  const beside = peers.map(({ name, version }) => `\`${name}\` ${version}`).join(' and ');
  return names.length === 0
    ? []
    : [
        `The peer dependencies of ${names.join(', ')} do not name ${beside} yet, with which it was tested: npm installs it beside them with [\`overrides\`](#overrides-of-npm).`,
      ];
}

const titlesOf = (tests: readonly RecipeTest[]) => [...new Set(tests.map(({ title }) => title))];

const incidentsOf = (tests: readonly RecipeTest[]) =>
  [...new Set(tests.flatMap(({ incident }) => incident ?? []))].join(', and when it ');

/** Titles are sentences that begin with a small letter. */
const listOf = (titles: readonly string[]) =>
  titles.map((title) => `- ${title.charAt(0).toUpperCase()}${title.slice(1)}.`).join('\n');
