import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../.github/workflows/', import.meta.url));
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(folder + name, 'utf8') }));

test('the workflows are there', () => {
  expect(workflows.map(({ name }) => name)).toEqual([
    'ci.yml',
    'dependency-review.yml',
    'release.yml',
    'site.yml',
  ]);
});

const mayWrite: Readonly<Record<string, readonly string[]>> = {
  'release.yml': ['id-token: write'],
  'site.yml': ['pages: write', 'id-token: write'],
};

describe.each(workflows)('$name', ({ name, text }) => {
  test('uses every action at one commit, and says which version that is', () => {
    const uses = linesWith(text, 'uses:');
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((line) => !isPinned(line))).toEqual([]);
  });

  test('may only read, unless a job says otherwise', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(linesWith(text, ': write')).toEqual(mayWrite[name] ?? []);
  });

  test('leaves no token in the checkout', () => {
    const checkouts = linesWith(text, 'uses: actions/checkout@');
    expect(linesWith(text, 'persist-credentials: false')).toHaveLength(checkouts.length);
  });

  test('puts nothing that others choose into a command', () => {
    expect(linesWith(text, 'run:').filter((line) => line.includes('${{'))).toEqual([]);
  });

  test('is YAML of the plain kind: two spaces for each level, one key or one item a line', () => {
    expect(faultsIn(text)).toEqual([]);
  });
});

test('a release is checked first, is the version that the tag names, and says where it was built', () => {
  const release = workflows.find(({ name }) => name === 'release.yml')?.text ?? '';
  expect(release).toMatch(/^ {4}needs: check$/m);
  expect(release).toContain('test "$TAG" = "v$(node -p');
  expect(release).toContain('grep -F "## [${TAG#v}] - " CHANGELOG.md');
  expect(release).toContain('npm ci --ignore-scripts');
  expect(release).toContain('npm publish --provenance --access public');
  expect(release).not.toMatch(/NODE_AUTH_TOKEN|NPM_TOKEN|secrets\./);
});

test('the site is built as everywhere by a job that may not publish it, and published by one that runs nothing else', () => {
  const site = workflows.find(({ name }) => name === 'site.yml')?.text ?? '';
  const [build = '', deploy = ''] = site.split(/^ {2}deploy:$/m);
  expect(linesWith(build, 'run:')).toContain('- run: npm run docs:site');
  expect(linesWith(build, ': write')).toEqual([]);
  expect(linesWith(build, 'path:')).toEqual(['path: site/built/site']);
  expect(linesWith(deploy, 'needs:')).toEqual(['needs: build']);
  expect(linesWith(deploy, 'run:')).toEqual([]);
  expect(linesWith(deploy, 'uses:')).toHaveLength(1);
});

test('what a release must pass is what every change must pass', () => {
  const runners = workflows.filter(({ text }) => linesWith(text, 'run: .ci/run').length === 1);
  expect(runners.map(({ name }) => name)).toEqual(['ci.yml', 'release.yml']);
});

describe('the checks above', () => {
  test.each([
    '- uses: actions/checkout@v4',
    '- uses: actions/checkout@main # v4',
    '- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1',
    '- uses: actions/checkout@3d3c42e5 # v7.0.1',
    '- uses: ./local',
  ])('do not take %s for pinned', (line) => {
    expect(isPinned(line)).toBe(false);
  });

  test.each([
    '\tkey: value',
    '   key: value',
    'key:value',
    'key: {',
    '- - item',
    'key: "open',
    "key: 'open",
    'a: b: c',
  ])('find the fault in %j', (line) => {
    expect(faultsIn(`first: 1\n${line}\n`)).toHaveLength(1);
  });
});

function linesWith(text: string, part: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes(part) && !line.startsWith('#'));
}

function isPinned(line: string): boolean {
  return /uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line);
}

/** No parser for YAML is installed; these files need only a small part of it. */
function faultsIn(text: string): readonly string[] {
  const scalar = String.raw`(?:'[^']*'|"[^"]*"|\[[^\][]*\]|[^\s'"{}[\]&*!|>%@\`#-](?:[^:#]|:(?! )|(?<! )#)*)`;
  const entry = new RegExp(`^(?: {2})*(?:- )?(?:[\\w-]+:(?: ${scalar})?|(?<=- )${scalar})(?: #.*)?$`);
  return text.split('\n').filter((line) => line.trim() !== '' && !/^ *#/.test(line) && !entry.test(line));
}
