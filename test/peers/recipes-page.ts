import { installed, verdictOf, type Ioredis, type Package, type Recipe, type RecipeTest } from './recipe.js';

/** Each has a column of results in the table. The first run writes all else as well. */
const columns: readonly Ioredis[] = ['ioredis', 'ioredis-5'];

/** What writes the page; each run writes its own column. */
export const commands: Readonly<Record<Ioredis, string>> = {
  ioredis: 'npm run test:peers -- -u',
  'ioredis-5': 'npm run test:peers:ioredis-5 -- -u',
};

const remark = `Written by \`${commands.ioredis}\` and \`${commands['ioredis-5']}\` from what the tests have shown.`;

/**
 * The page with its generated parts written anew: the table between `<!-- recipes -->` and `<!-- /recipes -->`, and below
 * a heading each what stands between `<!-- recipe NAME -->` and `<!-- /recipe -->`.
 */
export function writeRecipes(page: string, recipes: readonly Recipe[], ioredis: Ioredis = 'ioredis'): string {
  const sections = sectionsOf(page);
  const missing = recipes.filter(({ name }) => !sections.has(name)).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`docs/recipes.md has no section for ${missing.join(', ')}`);
  const byName = new Map(recipes.map((recipe) => [recipe.name, recipe]));
  const { heads, results } = readTable(page);
  const fill = (before: readonly string[], own: string) =>
    columns.map((column, index) => (column === ioredis ? own : (before[index] ?? 'not run')));
  const rows = [...sections].map(([name, section]) => {
    const recipe = byName.get(name);
    const verdict = recipe === undefined ? 'fails its tests' : verdictOf(recipe);
    return rowOf(recipe, section, fill(results.get(titleCell(section)) ?? [], verdict));
  });
  const table = tableOf(fill(heads, `ioredis ${installed(ioredis).version}`), rows);
  const written = page.replace(/<!-- recipes -->[^]*?<!-- \/recipes -->/, () =>
    ['<!-- recipes -->', `<!-- ${remark} -->`, table, '<!-- /recipes -->'].join('\n\n'),
  );
  return ioredis === 'ioredis' ? withParts(written, byName) : written;
}

function withParts(page: string, recipes: ReadonlyMap<string, Recipe>): string {
  return page.replace(/<!-- recipe ([\w-]+) -->[^]*?<!-- \/recipe -->/g, (_all, name: string) =>
    [`<!-- recipe ${name} -->`, ...partsOf(recipes.get(name)), '<!-- /recipe -->'].join('\n\n'),
  );
}

/** What the table says now: the heads of the columns of results, and by the first cell of each row its results. */
function readTable(page: string) {
  const [, text = ''] = /<!-- recipes -->([^]*?)<!-- \/recipes -->/.exec(page) ?? [];
  const [head = [], ...rows] = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return {
    heads: resultsIn(head),
    results: new Map(rows.map((cells) => [cells[1], resultsIn(cells)])),
  };
}

const resultsIn = (cells: readonly string[]) => cells.slice(3, 3 + columns.length);

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

function tableOf(heads: readonly string[], rows: readonly string[]): string {
  const cells = ['library', 'tested', ...heads, 'with'];
  return [lineOf(cells), lineOf(cells.map(() => '---')), ...rows].join('\n');
}

function rowOf(recipe: Recipe | undefined, section: Section, results: readonly string[]): string {
  const versions = recipe?.packages.map(({ name, version }) => `\`${name}\` ${version}`).join(', ');
  return lineOf([titleCell(section), versions ?? 'nothing', ...results, section.advice]);
}

function titleCell({ title }: Section): string {
  const anchor = title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
  return `[${title}](#${anchor})`;
}

const lineOf = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

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
  const peers = ['ioredis', '@nestjs/core'].map((name) => installed(name));
  const beside = peers.map(({ name, version }) => `\`${name}\` ${version}`).join(' together with ');
  return names.length === 0
    ? []
    : [
        `The peer dependencies of ${names.join(', ')} do not allow ${beside} yet. It was tested with both: npm installs it with [\`overrides\`](#overrides-of-npm).`,
      ];
}

const titlesOf = (tests: readonly RecipeTest[]) => [...new Set(tests.map(({ title }) => title))];

const incidentsOf = (tests: readonly RecipeTest[]) =>
  [...new Set(tests.flatMap(({ incident }) => incident ?? []))].join(', and when it ');

/** Titles are sentences that begin with a small letter. */
const listOf = (titles: readonly string[]) =>
  titles.map((title) => `- ${title.charAt(0).toUpperCase()}${title.slice(1)}.`).join('\n');
