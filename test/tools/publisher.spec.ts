import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { makeTemporaryFolder } from '../../lib/testing/servers/temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A project of its own with the tool, and a function that runs it. */
async function copyProject() {
  const { path, remove } = await makeTemporaryFolder('publisher');
  onTestFinished(remove);
  await mkdir(join(path, 'docs'));
  await cp(join(root, 'tools/publisher.mjs'), join(path, 'tools/publisher.mjs'));
  const url = 'https://github.com/OWNER/nestjs-redis-replication';
  await writeFile(join(path, 'package.json'), JSON.stringify({ bugs: `${url}/issues` }));
  await writeFile(join(path, 'README.md'), `[docs](${url}/docs)`);
  await writeFile(join(path, 'docs/page.md'), 'no OWNERS here');
  const run = async (...args: string[]) => {
    const result = await promisify(execFile)(process.execPath, [join(path, 'tools/publisher.mjs'), ...args]);
    return result.stderr;
  };
  return { run, read: (file: string) => readFile(join(path, file), 'utf8') };
}

const problem =
  'Not ready for npm publish: no publisher is named in package.json, README.md: run npm run publisher -- <owner on GitHub>\n';

test('while nobody is named, publishing fails and packing warns', async () => {
  const { run } = await copyProject();
  await expect(run('require')).rejects.toMatchObject({ code: 1, stderr: problem });
  expect(await run('remind')).toBe(problem);
});

test('a name is put everywhere at once', async () => {
  const { run, read } = await copyProject();
  await run('set', 'some-body');
  expect(await read('package.json')).toContain('github.com/some-body/nestjs-redis-replication/issues');
  expect(await read('README.md')).toContain('github.com/some-body/nestjs-redis-replication/docs');
  expect(await read('docs/page.md')).toBe('no OWNERS here');
  expect([await run('require'), await run('remind')]).toEqual(['', '']);
});

test.each([[], ['some body'], ['-body']])('refuses the name %j', async (...name) => {
  const { run } = await copyProject();
  await expect(run('set', ...name)).rejects.toMatchObject({ code: 1, stdout: '' });
});
