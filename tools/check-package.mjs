// Packs the package once, as `npm publish` would, and checks the tarball: its size, whether the links of the README lead
// to packed files, whether its types resolve in every module system, and whether it loads as installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

// About a third more than when the limits were set: room for features, and not for a folder packed by mistake.
const limits = { size: 600_000, unpackedSize: 2_100_000 };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'check-package-'));
try {
  const { tarball, size, unpackedSize, files } = pack(folder);
  printParts(files);
  const problems = [
    ...checkSize('packed', size, limits.size),
    ...checkSize('unpacked', unpackedSize, limits.unpackedSize),
    ...checkLinks(files.map(({ path }) => path)),
  ];
  problems.forEach((problem) => console.error(problem));
  const bin = join(root, 'node_modules/.bin');
  const passed =
    problems.length === 0 &&
    run(join(bin, 'publint'), tarball, '--strict') &&
    run(join(bin, 'attw'), tarball) &&
    run(process.execPath, join(root, 'tools/smoke-test.mjs'), tarball);
  process.exitCode = passed ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Builds and packs; what the build prints is shown only if it fails. */
function pack(target) {
  const options = ['--json', '--foreground-scripts=false', '--pack-destination', target];
  const output = execFileSync('npm', ['pack', ...options], { cwd: root, encoding: 'utf8' });
  const [packed] = Object.values(JSON.parse(output));
  return { ...packed, tarball: join(target, packed.filename) };
}

function run(program, ...args) {
  return spawnSync(program, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function checkSize(what, bytes, limit) {
  console.log(`${what}: ${bytes.toLocaleString('en')} B of at most ${limit.toLocaleString('en')} B`);
  return bytes > limit ? [`The package is too large ${what}`] : [];
}

/** What the unpacked size is made of: each folder of the code, which for entry points is named like them, and the pages. */
function printParts(files) {
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

function checkLinks(packed) {
  return relativeLinks(readFileSync(join(root, 'README.md'), 'utf8'))
    .filter((link) => !packed.includes(link))
    .map((link) => `README.md links to ${link}, which is not in the package`);
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
