import { existsSync, readFileSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };
import { root } from '../docs/pages.js';

/** One test of a recipe, as it ended. */
export interface RecipeTest {
  readonly title: string;
  /** What happened to the master in it, if it is one of those that are run for each incident. */
  readonly incident: string | undefined;
  readonly hasPassed: boolean;
}

/** A library, how it is used with this one, and what its tests have shown. */
export interface Recipe {
  /** The name of its files in `test/peers/recipes/`. */
  readonly name: string;
  /** What is compiled, run by the tests and printed. */
  readonly code: string | undefined;
  readonly packages: readonly Package[];
  readonly tests: readonly RecipeTest[];
}

export interface Package {
  readonly name: string;
  readonly version: string;
  /** npm refuses it beside newer peers, unless `overrides` of the package.json of the app allow them. */
  readonly needsOverrides: boolean;
}

export type Verdict =
  'works as it is' | 'needs this code' | 'needs `overrides`' | 'does not work' | 'fails its tests';

/** Part of each test, so that they say nothing about a recipe. */
const tools = /^(vitest|ioredis|rxjs|nestjs-redis-replication|node:.*|@nestjs\/(common|testing))$/;
const toolsOfSomeTests = /^(socket\.io-client|@opentelemetry\/(?!instrumentation-).*)$/;

/** The versions of ioredis that the recipes run with, by the folder where they are installed. */
export type Ioredis = 'ioredis' | 'ioredis-5';

export function readRecipe(name: string, tests: readonly RecipeTest[], ioredis: Ioredis = 'ioredis'): Recipe {
  const [codeFile, specFile] = [`.ts`, `.spec.ts`].map((end) => `${root}test/peers/recipes/${name}${end}`);
  const code = codeFile !== undefined && existsSync(codeFile) ? readFileSync(codeFile, 'utf8') : undefined;
  const spec = readFileSync(specFile ?? '', 'utf8');
  return { name, code, packages: packagesOf(`${code ?? ''}${spec}`, ioredis), tests };
}

/** From how the tests ended and from what they say: a title begins with what it shows, where that is not plain use. */
export function verdictOf({ packages, tests }: Recipe): Verdict {
  if (tests.length === 0 || tests.some(({ hasPassed }) => !hasPassed)) return 'fails its tests';
  if (tests.every(({ title }) => title.startsWith('does not work'))) return 'does not work';
  if (tests.some(({ title }) => title.startsWith('without '))) return 'needs this code';
  return packages.some(({ needsOverrides }) => needsOverrides) ? 'needs `overrides`' : 'works as it is';
}

export function installed(folder: string, ioredis: Ioredis = 'ioredis'): Package {
  const manifest: unknown = JSON.parse(readFileSync(`${root}node_modules/${folder}/package.json`, 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('name' in manifest && 'version' in manifest)) {
    throw new Error(`${folder} has no name and version`);
  }
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    needsOverrides: peersOverriddenFor(folder).some((peer) => peer !== 'ioredis' || ioredis === 'ioredis'),
  };
}

/** Those that the package does not name in the newest version. */
function peersOverriddenFor(folder: string): readonly string[] {
  const [, overrides] = Object.entries(packageJson.overrides).find(([name]) => name === folder) ?? [];
  return typeof overrides === 'object' ? Object.keys(overrides) : [];
}

function packagesOf(source: string, ioredis: Ioredis): readonly Package[] {
  const imported = [...source.matchAll(/ from '((?:@[\w.-]+\/)?[\w.:-]+)/g)].map(([, name = '']) => name);
  const named = [...new Set(imported)].filter(
    (name) => !name.startsWith('.') && !tools.test(name) && !toolsOfSomeTests.test(name),
  );
  return named.toSorted().map((name) => installed(name, ioredis));
}
