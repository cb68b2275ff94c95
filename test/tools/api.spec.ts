import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
// Each run starts a compiler, which takes long on a busy machine.
const limitMs = 120_000;

const entry = (types: string) => ({ default: { types } });
const exported = {
  '.': entry('./dist/index.d.ts'),
  './extra': entry('./dist/extra/index.d.ts'),
  './package.json': './package.json',
};

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** A small package of its own with its declarations, and a function that runs the tool on it. */
async function makePackage() {
  const { path, remove } = await makeTemporaryFolder('api');
  onTestFinished(remove);
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), text);
  };
  await write('package.json', JSON.stringify({ name: 'small', version: '1.0.0', exports: exported }));
  await write('dist/hidden.d.ts', 'export interface Hidden { readonly first: string }\n');
  await write(
    'dist/index.d.ts',
    `import type { Hidden } from './hidden';\nexport declare function open(): Hidden;\n`,
  );
  await write('dist/extra/index.d.ts', 'export declare const extra: number;\n');
  const run = (action: string) =>
    new Promise<Outcome>((resolve) => {
      execFile(process.execPath, [join(root, 'tools/api.mjs'), action, path], (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` });
      });
    });
  return { path, write, run };
}

test(
  'a change of what an entry point exports, or lets one reach, fails the check until the report is written anew',
  async () => {
    const { path, write, run } = await makePackage();
    expect(await run('update')).toEqual({ code: 0, output: 'Changed: index.api.md, extra.api.md\n' });
    const same = 'The public API of 2 entry points is what api/ says.\n';
    expect(await run('check')).toEqual({ code: 0, output: same });

    await write('dist/extra/index.d.ts', 'export declare const extra: string;\n');
    await write('dist/hidden.d.ts', 'export interface Hidden { readonly second: string }\n');
    const { code, output } = await run('check');
    expect(code).toBe(1);
    expect(output).toContain('-export const extra: number;\n+export const extra: string;');
    expect(output).toMatch(/-.*readonly first: string.*\n\+.*readonly second: string/);
    expect(output).toContain('(index.api.md, extra.api.md).');
    expect(output).toContain('npm run api:update');
    expect(await readFile(join(path, 'api/extra.api.md'), 'utf8')).toContain('extra: number');

    const { './extra': _extra, ...rest } = exported;
    await write('package.json', JSON.stringify({ name: 'small', version: '1.0.0', exports: rest }));
    expect(await run('update')).toEqual({ code: 0, output: 'Changed: index.api.md, extra.api.md\n' });
    expect(await readdir(join(path, 'api'))).toEqual(['index.api.md']);
    expect(await readFile(join(path, 'api/index.api.md'), 'utf8')).toContain('readonly second: string');
  },
  limitMs,
);

test('without declarations there is no report', async () => {
  const { path, run } = await makePackage();
  await rm(join(path, 'dist'), { recursive: true });
  const output = 'dist/index.d.ts is missing: run npm run build first\n';
  expect(await run('check')).toEqual({ code: 1, output });
});

test('each entry point of the package has a report', async () => {
  const names = Object.keys(packageJson.exports)
    .filter((path) => path !== './package.json')
    .map((path) => `${path === '.' ? 'index' : path.slice(2)}.api.md`);
  expect((await readdir(join(root, 'api'))).toSorted()).toEqual(names.toSorted());
});
