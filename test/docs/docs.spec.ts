import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { codeBlocks, findTypeErrors } from './code-blocks.js';
import { pages, root, sectionOf, type Page } from './pages.js';

// The compiler reads the types of all packages, which takes long on a busy machine.
test('every block of code compiles, together with what is given beside it', { timeout: 120_000 }, () => {
  const blocks = pages.flatMap(codeBlocks);
  expect(findTypeErrors(blocks)).toEqual([]);
});

test('no block of code is overlooked', () => {
  const languages = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^[^\S\n]*```(\w*)/gm)].map(([, language = '']) => ({ path, language })),
  );
  const known = ['ts', 'json', 'sh', 'yaml', ''];
  expect(languages.filter(({ language }) => !known.includes(language))).toEqual([]);
  const compiled = languages.filter(({ language }) => language === 'ts' || language === 'json');
  expect(pages.flatMap(codeBlocks)).toHaveLength(compiled.length);
});

describe.each(pages)('the links of $path', (page) => {
  test('lead to pages of the package and to headings that exist', () => {
    expect(linksOf(page).filter((link) => !isFound(page, link))).toEqual([]);
  });
});

test('a link that leads nowhere would be found', () => {
  const [readme] = pages;
  const text = '[a](docs/nothing.md) [b](#nothing) [c](docs/guarantees.md#nothing) [d](bench/README.md)';
  const links = linksOf({ path: 'README.md', text });
  expect(links.filter((link) => readme !== undefined && !isFound(readme, link))).toEqual(links);
});

test('the contents of the README name every section in order', () => {
  const [readme] = pages;
  const titles = readme === undefined ? [] : headingsOf(readme.text, /^## (.+)$/gm).slice(1);
  const named = readme === undefined ? [] : linksOf({ ...readme, text: sectionOf(readme, 'Contents') });
  expect(named).toEqual(titles.filter((title) => title !== 'License').map((title) => `#${slugOf(title)}`));
});

test('every file of the project that a page names exists', () => {
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:bench|lib|sample-app|test)\/[\w./-]+)`/g)].map(([, file = '']) => ({
      path,
      file,
    })),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(({ file }) => !existsSync(root + file))).toEqual([]);
});

/** Where the links of a page lead that are not absolute. */
function linksOf({ text }: Page): readonly string[] {
  return [...text.replace(/```[^]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !link.startsWith('https:'));
}

function isFound({ path }: Page, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : normalize(join(dirname(path), file));
  if (!isPacked(target) || !existsSync(root + target)) {
    return false;
  }
  const text = readFileSync(root + target, 'utf8');
  return (
    anchor === undefined ||
    headingsOf(text, /^#+ (.+)$/gm)
      .map(slugOf)
      .includes(anchor)
  );
}

/** Whether a file is in the package, so that a link to it works where the package is shown or installed. */
function isPacked(path: string): boolean {
  return [...packageJson.files, 'README.md', 'LICENSE'].some(
    (each) => path === each || path.startsWith(`${each}/`),
  );
}

function headingsOf(text: string, pattern: RegExp): readonly string[] {
  return [...text.replace(/```[^]*?```/g, '').matchAll(pattern)].map(([, title = '']) => title);
}

/** The anchor of a heading, as GitHub and npm make it. */
function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}
