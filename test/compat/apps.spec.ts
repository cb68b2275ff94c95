import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';
import { createProject, installFamily, ownModules, run } from './project.js';

const limitMs = 120_000;

let folder: TemporaryFolder;
let group: ServerGroup;

beforeAll(async () => {
  [folder, group] = await Promise.all([makeTemporaryFolder('apps'), startGroup({ replicas: 1 })]);
}, limitMs);

afterAll(async () => {
  await Promise.all([group?.stop(), folder?.remove()]);
});

const node = process.execPath;

/** What each app prints, where all is well. */
const works = { written: 'OK', areRedis: true, isRefused: true };
const isHealthy = {
  ...works,
  health: { code: 200, body: { status: 'ok', details: { redis: { status: 'up' } } } },
};

/** What the dashboard answers. */
const showsDashboard = {
  page: [200, 'text/html; charset=utf-8'],
  file: [200, 'text/javascript; charset=utf-8'],
  data: 'steady',
  stream: true,
  refused: 403,
};

const settings = {
  commonjs: { module: 'commonjs' },
  node16: { module: 'node16' },
  nodenext: { module: 'nodenext' },
  // For bundlers.
  esm: { module: 'esnext', moduleResolution: 'bundler' },
};

const oneCopy = 'one copy\n';

/** Compiles the apps as `nest build` does. */
async function compile(project: string, options: object, exclude: readonly string[] = []): Promise<void> {
  const compilerOptions = {
    target: 'es2022',
    rootDir: 'src',
    outDir: 'dist',
    types: ['node'],
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    ...options,
  };
  const excluded = ['src/*.jest.ts', ...exclude];
  const config = { compilerOptions, include: ['src/*.ts'], exclude: excluded };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config));
  await run(project, {}, [node, 'node_modules/typescript/bin/tsc', '-p', '.']);
}

async function copyExamples(project: string, adapt: (text: string) => string): Promise<void> {
  const examples = fileURLToPath(new URL('../docs/examples', import.meta.url));
  for (const file of ['unit.spec.ts', 'failover.spec.ts']) {
    await writeFile(join(project, 'src', file), adapt(await readFile(join(examples, file), 'utf8')));
  }
}

async function start(project: string, file: string): Promise<unknown> {
  const output = await run(project, { REDIS_NODES: group.endpoints.join() }, [node, file]);
  // The app prints nothing else: no warning, no error.
  return JSON.parse(output);
}

describe('Nest 11', () => {
  let modules: string;

  beforeAll(async () => {
    modules = await installFamily('nest-11-apps');
  }, limitMs);

  const create = (name: string) => createProject(join(folder.path, name), { modules });

  test(
    'module commonjs, with Express, with Fastify and without HTTP',
    async () => {
      const project = await create('commonjs');
      await compile(project, settings.commonjs);
      expect(await start(project, 'dist/main.js')).toMatchObject(isHealthy);
      expect(await start(project, 'dist/main-fastify.js')).toMatchObject(isHealthy);
      expect(await start(project, 'dist/main-context.js')).toMatchObject({ ...works, health: 'no HTTP' });
      expect(await run(project, {}, [node, 'src/one-copy.mjs'])).toBe(oneCopy);
    },
    limitMs,
  );

  test(
    'the dashboard, with Express and with Fastify',
    async () => {
      const project = await create('dashboard');
      await compile(project, settings.commonjs);
      expect(await start(project, 'dist/main-dashboard.js')).toEqual(showsDashboard);
      expect(await start(project, 'dist/main-dashboard-fastify.js')).toEqual(showsDashboard);
    },
    limitMs,
  );

  test.each(['node16', 'nodenext'] as const)(
    'module %s',
    async (name) => {
      const project = await create(name);
      await compile(project, settings[name]);
      expect(await start(project, 'dist/main.js')).toMatchObject(isHealthy);
    },
    limitMs,
  );

  test(
    'jest with the configuration of nest new',
    async () => {
      const project = await create('jest');
      for (const name of ['app', 'mock']) {
        await cp(join(project, `src/${name}.jest.ts`), join(project, `src/${name}.spec.ts`));
      }
      // Those of docs/testing.md, as the page says to copy them for Jest.
      await copyExamples(project, (text) => text.replace(/^import .* from 'vitest';\n/m, ''));
      const tsconfig = {
        compilerOptions: {
          ...settings.commonjs,
          target: 'es2022',
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
          skipLibCheck: true,
        },
      };
      await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
      const jest = {
        moduleFileExtensions: ['js', 'json', 'ts'],
        rootDir: 'src',
        testRegex: String.raw`.*\.spec\.ts$`,
        transform: { [String.raw`^.+\.(t|j)s$`]: 'ts-jest' },
        collectCoverageFrom: ['**/*.(t|j)s'],
        coverageDirectory: '../coverage',
        testEnvironment: 'node',
      };
      await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, jest }));
      const env = { REDIS_NODES: group.endpoints.join() };
      expect(await run(project, env, [node, 'node_modules/jest/bin/jest.js'])).toContain('5 passed, 5 total');
    },
    limitMs,
  );

  test(
    'SWC',
    async () => {
      const project = await create('swc');
      await run(project, {}, [node, 'src/build-with-swc.cjs']);
      expect(await start(project, 'dist/main.js')).toMatchObject(isHealthy);
    },
    limitMs,
  );

  test(
    'webpack and esbuild: a bundle holds the package once, and needs nothing beside it',
    async () => {
      const project = await create('bundles');
      await compile(project, settings.esm);
      const bundlers = ['webpack', 'esbuild'];
      for (const bundler of bundlers) {
        expect(await run(project, {}, [node, `src/bundle-with-${bundler}.cjs`])).toBe('');
      }
      await rm(join(project, 'node_modules'), { recursive: true });
      for (const bundler of bundlers) {
        expect(await start(project, `${bundler}/main.js`)).toMatchObject(isHealthy);
      }
    },
    limitMs,
  );
});

describe('Nest 12', () => {
  test(
    'the tests of docs/testing.md, in Vitest',
    async () => {
      const project = await createProject(join(folder.path, 'vitest'), {
        type: 'module',
        modules: ownModules,
      });
      await copyExamples(project, (text) => text);
      const compilerOptions = { target: 'es2022', experimentalDecorators: true };
      await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
      expect(await run(project, {}, [node, 'node_modules/vitest/vitest.mjs', 'run'])).toMatch(
        /Tests +3 passed/,
      );
    },
    limitMs,
  );

  test.each(['module', 'commonjs'])(
    'module nodenext, package type %s, with Express and without HTTP',
    async (type) => {
      const project = await createProject(join(folder.path, `nest-12-${type}`), {
        type,
        modules: ownModules,
      });
      await compile(project, settings.nodenext, ['src/*-fastify.ts']);
      expect(await start(project, 'dist/main.js')).toMatchObject(isHealthy);
      expect(await start(project, 'dist/main-context.js')).toMatchObject({ ...works, health: 'no HTTP' });
      expect(await start(project, 'dist/main-dashboard.js')).toEqual(showsDashboard);
      expect(await run(project, {}, [node, 'src/one-copy.mjs'])).toBe(oneCopy);
    },
    limitMs,
  );
});
