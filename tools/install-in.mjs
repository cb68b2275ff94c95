// Installs what only one part of the project needs into its folder, unless it is there.
//   node tools/install-in.mjs bench
// Plain Node, and silent when nothing is missing. Scripts of packages are not run: none of them needs any.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [name] = process.argv.slice(2);
const folder = resolve(import.meta.dirname, '..', name);

/** @param {string} path */
const modifiedAt = (path) => statSync(join(folder, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (modifiedAt('node_modules/.package-lock.json') < modifiedAt('package-lock.json')) {
  process.stdout.write(`Installing the packages of ${name}/.\n`);
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['ci', '--prefix', folder, ...options], { stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write('npm ci failed.\n');
    process.exitCode = 1;
  }
}
