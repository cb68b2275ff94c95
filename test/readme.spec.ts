import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import ts from 'typescript';
import { staticNodes } from '../lib/index.js';
import { resolveOptions } from '../lib/nest/resolve-options.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(`${root}README.md`, 'utf8');

/** The compiler takes 5 s alone; a busy machine makes it slower, not wrong. */
const compilerMs = 60_000;

test('the quick start compiles as it stands', { timeout: compilerMs }, () => {
  const [quickStart = ''] = codeBlocks(readme);
  expect(quickStart).toContain('RedisReplicationModule.forRoot(');
  expect(findTypeErrors(quickStart)).toEqual([]);
});

test('an error in it would be found', { timeout: compilerMs }, () => {
  const [quickStart = ''] = codeBlocks(readme);
  expect(findTypeErrors(quickStart.replace('source:', 'sauce:'))).not.toEqual([]);
});

test('the table of options names every option with its default', () => {
  const { source, hold, redis, ...plain } = resolveOptions({ source: staticNodes(['10.0.0.1:6379']) });
  expect([typeof source, redis]).toEqual(['function', {}]);
  const defaults = { ...plain, 'hold.timeoutMs': hold.timeoutMs, 'hold.maxCommands': hold.maxCommands };
  for (const [name, value] of Object.entries(defaults)) {
    expect(defaultInTable(name), name).toBe(String(value));
  }
});

function codeBlocks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code);
}

/** The default column of a row, less the signs of Markdown and the spaces between thousands. */
function defaultInTable(name: string): string | undefined {
  const [, options = ''] = /\n## Options\n([^]*?)\n## /.exec(readme) ?? [];
  const row = options.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
  return row
    ?.split('|')[2]
    ?.replaceAll('`', '')
    .replace(/(\d) (\d)/, '$1$2')
    .trim();
}

/** What the compiler says of a file with this text, with the settings of the project. */
function findTypeErrors(text: string): readonly string[] {
  const file = `${root}test/quick-start.ts`;
  const config: unknown = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, languageVersion, ...rest) =>
    name === file
      ? ts.createSourceFile(name, text, languageVersion, true)
      : read(name, languageVersion, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
