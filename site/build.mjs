// Builds the site: the pages of the package and the reference of its declarations, into built/site.
//   npm run docs:site
// A link that leads nowhere fails it, in a page as in a comment.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { entryPoints, root } from './entry-points.mjs';

const pages = join(import.meta.dirname, 'built/pages');
const missing = entryPoints.filter(({ types }) => !existsSync(join(root, types)));
if (missing.length > 0) fail(`${missing[0].types} is missing: run npm run build first`);

rmSync(join(import.meta.dirname, 'built'), { recursive: true, force: true });
copyPages();
run(
  'typedoc',
  entryPoints.flatMap(({ types }) => ['--entryPoints', join(root, types)]),
);
run('vitepress', ['build', '.']);

/** The pages stay where links expect them; the README is the first of them. What is no page is served as it is. */
function copyPages() {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', ...docs.filter(isPage)].forEach(copyPage);
  for (const file of docs.filter((each) => !isPage(each))) {
    cpSync(join(root, file), join(pages, 'public', file));
  }
}

function isPage(file) {
  return file.endsWith('.md');
}

function copyPage(file) {
  const target = join(pages, file.replace('README.md', 'index.md').replace(/LICENSE$/, 'LICENSE.md'));
  const text = readFileSync(join(root, file), 'utf8');
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(
    target,
    text.replace(/\]\(((?:\.\.\/)*)README\.md/g, ']($1index.md').replace(/\]\(LICENSE\)/g, '](LICENSE.md)'),
  );
}

function run(program, args) {
  const path = join(import.meta.dirname, 'node_modules/.bin', program);
  const { status } = spawnSync(path, args, { cwd: import.meta.dirname, stdio: 'inherit' });
  if (status !== 0) fail(`${program} failed.`);
}

/**
 * @param {string} text
 * @returns {never}
 */
function fail(text) {
  console.error(text);
  process.exit(1);
}
