import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findCycles } from './architecture/find-cycles.js';
import { findForbiddenImports } from './architecture/import-rules.js';
import { readSource } from './architecture/read-source.js';
import { findForbiddenSyntax } from './architecture/syntax-rules.js';

describe('lib', () => {
  const sources = readFolder('lib');

  test('is read', () => {
    expect(sources.map(({ path }) => path)).toContain('lib/index.ts');
    expect(sources.some(({ imports }) => imports.length > 0)).toBe(true);
  });

  test('has no import against its layers', () => {
    expect(findForbiddenImports(sources)).toEqual([]);
  });

  test('has no import cycles', () => {
    expect(findCycles(sources)).toEqual([]);
  });

  test('does without default exports, enums, any, assertions, casts, barrels and long files', () => {
    expect(sources.flatMap(findForbiddenSyntax)).toEqual([]);
  });
});

describe('the sample app', () => {
  const sources = readFolder('sample-app');

  test('has no import cycles, of types neither', () => {
    expect(sources.map(({ path }) => path)).toContain('sample-app/config/environment.ts');
    expect(findCycles(sources, ['value', 'type'])).toEqual([]);
  });
});

describe('import rules', () => {
  test.each([
    ['topology/a.ts', `import { map } from 'rxjs'`, 'topology imports nothing'],
    ['topology/a.ts', `import type { Redis } from 'ioredis'`, 'topology imports nothing'],
    ['topology/a.ts', `import { b } from '../sources/b.js'`, 'topology may not import sources'],
    ['topology/a.ts', `import type { B } from '../stream/b.js'`, 'topology may not import stream'],
    ['sources/a.ts', `export { b } from '../observers/b.js'`, 'sources may not import observers'],
    ['stream/a.ts', `const b = await import('../connections/b.js')`, 'stream may not import connections'],
    ['connections/a.ts', `type B = import('../nest/b.js').B`, 'connections may not import nest'],
    ['nest/a.ts', `import { b } from '../health/b.js'`, 'nothing imports health, which is an entry point'],
    [
      'nest/a.ts',
      `import { b } from '../elasticache/b.js'`,
      'nothing imports elasticache, which is an entry point',
    ],
    [
      'sources/a.ts',
      `import type { A } from '@aws-sdk/client-elasticache'`,
      'only elasticache imports the optional',
    ],
    ['elasticache/a.ts', `import { b } from '../stream/b.js'`, 'elasticache may not import stream'],
    ['elasticache/a.ts', `import '../peers/b.js'`, 'only entry files import peers'],
    ['nest/a.ts', `import type { A } from '@nestjs/terminus'`, 'only health imports the optional'],
    ['nest/a.ts', `import { b } from '../metrics/b.js'`, 'nothing imports metrics, which is an entry point'],
    ['nest/a.ts', `import { trace } from '@opentelemetry/api'`, 'only metrics imports the optional'],
    ['fleet/a.ts', `import type { B } from '../observers/b.js'`, 'fleet may not import observers'],
    ['fleet/a.ts', `import { b } from '../stream/b.js'`, 'fleet may not import stream'],
    ['connections/line/a.ts', `import { b } from '../outcomes/b.js'`, 'may not import connections/outcomes'],
    ['connections/line/a.ts', `import { b } from '../ioredis/b.js'`, 'may not import connections/ioredis'],
    ['connections/line/a.ts', `import { Redis } from 'ioredis'`, 'import values of ioredis'],
    [
      'connections/line/a.ts',
      `import type { B } from '../b.js'`,
      'connections/line may not import connections',
    ],
    ['connections/outcomes/a.ts', `import type { B } from '../line/b.js'`, 'may not import connections/line'],
    [
      'connections/ioredis/a.ts',
      `import { b } from '../outcomes/b.js'`,
      'may not import connections/outcomes',
    ],
    ['stream/a.ts', `import { b } from '../connections/line/b.js'`, 'stream may not import connections/line'],
    ['nest/a.ts', `import { b } from '../index.js'`, 'nothing imports an entry file'],
    ['nest/deep/a.ts', `import { b } from '../../health/index.js'`, 'nothing imports an entry file'],
    ['stream/a.ts', `import { Logger } from '@nestjs/common'`, 'import @nestjs packages'],
    ['connections/a.ts', `import type { X } from '@nestjs/core'`, 'import @nestjs packages'],
    ['nest/a.ts', `import { Redis } from 'ioredis'`, 'import values of ioredis'],
    ['nest/a.ts', `import { type Redis } from 'ioredis'`, 'import values of ioredis'],
    ['stream/a.ts', `import x from 'ioredis/built/x.js'`, 'import values of ioredis'],
    ['nest/a.ts', `import '../peers/b.js'`, 'only entry files import peers'],
    ['health/a.ts', `import '../peers/b.js'`, 'only entry files import peers'],
    ['peers/a.ts', `import { b } from '../topology/b.js'`, 'peers may not import topology'],
    ['peers/a.ts', `import type { Redis } from 'ioredis'`, 'peers imports nothing but Node'],
    ['other/a.ts', '', 'is in no layer'],
    ['helper.ts', '', 'is in no layer'],
  ])('refuse in %s: %s', (path, text, reason) => {
    expect(findForbiddenImports([readSource(`lib/${path}`, text)])).toEqual([
      expect.stringContaining(reason),
    ]);
  });

  test.each([
    ['topology/a.ts', `import { b } from './b.js'`],
    ['nest/a.ts', `import type { Redis } from 'ioredis'; import { Module } from '@nestjs/common'`],
    ['connections/a.ts', `import { Redis } from 'ioredis'; import { b } from '../topology/b.js'`],
    ['observers/a.ts', `import { Observable } from 'rxjs'; import { connect } from 'node:net'`],
    ['health/a.ts', `import { b } from '../nest/b.js'`],
    ['connections/a.ts', `import { b } from './line/b.js'; import { c } from './outcomes/c.js'`],
    ['connections/outcomes/a.ts', `import { b } from '../ioredis/b.js'`],
    ['index.ts', `export { b } from './nest/b.js'`],
    ['index.ts', `import './peers/b.js'`],
    ['health/index.ts', `import '../peers/b.js'`],
    [
      'elasticache/a.ts',
      `import { A } from '@aws-sdk/client-elasticache'; import { b } from '../sources/b.js'`,
    ],
    ['elasticache/index.ts', `import '../peers/b.js'`],
    ['peers/a.ts', `import { createRequire } from 'node:module'`],
  ])('allow in %s: %s', (path, text) => {
    expect(findForbiddenImports([readSource(`lib/${path}`, text)])).toEqual([]);
  });
});

describe('cycles', () => {
  const a = readSource('lib/stream/a.ts', `import { b } from './b.js'`);
  const b = readSource('lib/stream/b.ts', `import { c } from './c.js'`);

  test('are found through several files', () => {
    const c = readSource('lib/stream/c.ts', `export * from './a.js'`);
    expect(findCycles([a, b, c])).toEqual([
      'lib/stream/a.ts → lib/stream/b.ts → lib/stream/c.ts → lib/stream/a.ts',
    ]);
  });

  test('of types are found where they are asked for', () => {
    const c = readSource('lib/stream/c.ts', `import type { A } from './a.js'`);
    expect(findCycles([a, b, c], ['value', 'type'])).toEqual([
      'lib/stream/a.ts → lib/stream/b.ts → lib/stream/c.ts → lib/stream/a.ts',
    ]);
  });

  test('are none where a type import closes them, or where two ways lead to one file', () => {
    const c = readSource('lib/stream/c.ts', `import type { A } from './a.js'`);
    const d = readSource('lib/stream/d.ts', `import { a } from './a.js'; import { c } from './c.js'`);
    expect(findCycles([a, b, c, d])).toEqual([]);
  });
});

describe('syntax rules', () => {
  test.each([
    [`export default 1;`, 'a default export'],
    [`export default function a() {}`, 'a default export'],
    [`export default class {}`, 'a default export'],
    [`const a = 1; export { a as default };`, 'a default export'],
    [`export enum A { b }`, 'an enum'],
    [`const enum A { b }`, 'an enum'],
    [`export const a = (b: any) => b;`, 'the type any'],
    [`export const a = b!.c;`, 'a non-null assertion'],
    [`export const a = b as string;`, 'a cast'],
    [`export const a = b as unknown as string;`, 'a cast'],
    [`export const a = <string>b;`, 'a cast'],
    [`export const a = Date.now();`, 'a clock that can be set'],
    [`import { asyncScheduler } from 'rxjs';`, 'a clock that can be set'],
    [`export const a = new Date();`, 'a clock that can be set'],
    [`export * from './b.js'; export { c } from './c.js';`, 'only gathers exports'],
  ])('refuse %j', (text, what) => {
    const found = findForbiddenSyntax(readSource('lib/nest/a.ts', text));
    expect(found).toContainEqual(expect.stringContaining(what));
  });

  test.each([
    [`export const any = { as: 1 } as const;`],
    [`export const a = !b && c !== d;`],
    [`import { a as b } from './b.js'; export const c = b satisfies string;`],
    [`class A { declare b: string; }`],
  ])('allow %j', (text) => {
    expect(findForbiddenSyntax(readSource('lib/nest/a.ts', text))).toEqual([]);
  });

  test('allow the clock to read what can be set', () => {
    expect(findForbiddenSyntax(readSource('lib/clock/a.ts', 'export const a = Date.now();'))).toEqual([]);
  });

  test('refuse files of more than 250 lines', () => {
    const long = (lines: number) => readSource('lib/nest/a.ts', 'export const a = 1;\n'.repeat(lines));
    expect(findForbiddenSyntax(long(251))).toEqual(['lib/nest/a.ts has 251 lines, more than 250']);
    expect(findForbiddenSyntax(long(250))).toEqual([]);
  });

  test('allow the entry files to gather exports', () => {
    expect(findForbiddenSyntax(readSource('lib/index.ts', `export * from './nest/a.js';`))).toEqual([]);
  });
});

function readFolder(folder: string) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .map((path) => readSource(path, readFileSync(join(root, path), 'utf8')));
}
