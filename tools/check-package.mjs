// What `npm pack` would put into the package: its size, and whether the links of the README lead to it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

// About a third more than when the limits were set: room for features, and not for a folder packed by mistake.
const limits = { size: 600_000, unpackedSize: 2_100_000 };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  cwd: root,
  encoding: 'utf8',
});
const [{ size, unpackedSize, files }] = Object.values(JSON.parse(output));
const packed = files.map(({ path }) => path);

printParts();
const problems = [
  ...checkSize('packed', size, limits.size),
  ...checkSize('unpacked', unpackedSize, limits.unpackedSize),
  ...relativeLinks(readFileSync(join(root, 'README.md'), 'utf8'))
    .filter((link) => !packed.includes(link))
    .map((link) => `README.md links to ${link}, which is not in the package`),
];
problems.forEach((problem) => console.error(problem));
process.exitCode = problems.length > 0 ? 1 : 0;

function checkSize(what, bytes, limit) {
  console.log(`${what}: ${bytes.toLocaleString('en')} B of at most ${limit.toLocaleString('en')} B`);
  return bytes > limit ? [`The package is too large ${what}`] : [];
}

/** What the unpacked size is made of: each folder of the code, which for entry points is named like them, and the pages. */
function printParts() {
  const parts = new Map();
  for (const { path, size: bytes } of files) {
    const [first, second] = path.split('/');
    const part = first === 'dist' && path.split('/').length > 2 ? `dist/${second}` : first;
    parts.set(part, (parts.get(part) ?? 0) + bytes);
  }
  for (const [part, bytes] of [...parts].toSorted(([, a], [, b]) => b - a)) {
    console.log(`${bytes.toLocaleString('en').padStart(10)} B  ${part}`);
  }
}

/** The files that a page links to by relative paths. */
function relativeLinks(text) {
  const targets = [...text.matchAll(/\]\(\s*<?([^)\s>]+)/g), ...text.matchAll(/(?:src|href)="([^"]+)"/g)];
  const paths = targets.map(([, target]) => target.replace(/#.*$/, ''));
  return [
    ...new Set(
      paths.filter((path) => path !== '' && !/^[a-z]+:/i.test(path)).map((path) => posix.normalize(path)),
    ),
  ];
}
