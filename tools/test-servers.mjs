// Runs the tests that start servers against each server that is there, one after the other, and prints a table.
//   node tools/test-servers.mjs [--only 'Redis 8'] [spec files …]
// Servers: those that REDIS_SERVER_BINS names (paths with a colon in between), those that tools/build-servers.mjs has
// built, and those on the PATH. Of two with the same version, the first is taken.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findServers } from './find-servers.mjs';
import { supportedServers } from './server-versions.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

main();

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: '' } },
  });
  const servers = findServers().filter(({ name }) => name.startsWith(values.only));
  const results = servers.map((server) => test(server, positionals));
  printTable(results);
  const run = new Set(servers.map(({ series }) => series));
  const missing = supportedServers.filter((each) => !run.has(each));
  say(
    missing.length === 0
      ? 'All supported servers were run.'
      : `Supported, but not run: ${missing.join(', ')}.`,
  );
  if (results.length === 0 || results.some(({ passed, failed }) => passed === 0 || failed > 0))
    process.exitCode = 1;
}

/**
 * With one version of ioredis only: what differs between servers does not depend on it.
 *
 * @param {import('./find-servers.mjs').Server} server
 * @param {readonly string[]} specs all that start a server if empty
 */
function test(server, specs) {
  say(`${server.name} (${server.path})`);
  const folder = mkdtempSync(join(tmpdir(), 'test-servers-'));
  const outputFile = join(folder, 'result.json');
  const selection =
    specs.length > 0 ? ['run', ...specs] : ['related', 'lib/testing/servers/server-process.ts', '--run'];
  const options = [...selection, '--project', 'ioredis', '--reporter=json', `--outputFile=${outputFile}`];
  const startedAt = performance.now();
  try {
    spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...options], {
      cwd: root,
      env: { ...process.env, REDIS_SERVER_BIN: server.path },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    return { ...server, ...readResult(outputFile), seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} path of what Vitest has written */
function readResult(path) {
  let result;
  try {
    result = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    say('  no result: Vitest ended early');
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const failures = result.testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const texts = failed.map(({ fullName, failureMessages: [why = ''] }) => `${fullName}: ${firstLine(why)}`);
    // A file that cannot be loaded, or whose hooks fail, may have no failed test.
    const ofFile = message && failed.length === 0 ? [firstLine(message)] : [];
    return [...texts, ...ofFile].map((text) => `${name.slice(root.length + 1)}: ${text}`);
  });
  failures.forEach((text) => say(`  failed: ${text}`));
  return {
    passed: result.numPassedTests,
    failed: Math.max(result.numFailedTests, failures.length),
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

/** @param {string} text */
function firstLine(text) {
  return text.split('\n', 1)[0];
}

/** @param {ReturnType<typeof test>[]} results */
function printTable(results) {
  const head = ['server', 'passed', 'failed', 'skipped', 'seconds'];
  const rows = results.map(({ name, passed, failed, skipped, seconds }) =>
    [name, passed, failed, skipped, seconds].map(String),
  );
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ');
  [head, ...rows].forEach((cells) => say(line(cells)));
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}
