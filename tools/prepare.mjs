// Makes a fresh checkout able to run its tests: npm packages, then the programs named as arguments.
//   node tools/prepare.mjs redis [chromium] [prometheus]
// Plain Node: it runs before any package is installed. It prints nothing if nothing is missing.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findOnPath, findPrometheus, findRedisServer } from './find-binary.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const programs = {
  redis: {
    find: findRedisServer,
    variable: 'REDIS_SERVER_BIN',
    aptPackage: 'redis-server',
    missing: 'No Redis server found: install redis-server or valkey-server, or set REDIS_SERVER_BIN to one.',
    isRequired: true,
  },
  chromium: {
    find: findChromium,
    variable: 'CHROMIUM_BIN',
    aptPackage: 'chromium',
    missing:
      'No browser found, so the browser tests are skipped: install chromium, or set CHROMIUM_BIN to one.',
    isRequired: Boolean(process.env.CI),
  },
  prometheus: {
    find: findPrometheus,
    variable: 'PROMETHEUS_BIN',
    aptPackage: 'prometheus',
    missing:
      'No Prometheus found, so the tests of the alert rules are skipped: install prometheus, or set PROMETHEUS_BIN to ' +
      'one that has promtool beside it.',
    isRequired: false,
  },
};

// A package would start its service, on port 6379 or 9090, which no test needs: policy-rc.d forbids that during the
// installation. An existing policy is kept.
const aptScript = `
  set -e
  export DEBIAN_FRONTEND=noninteractive
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > "$policy"
    chmod 755 "$policy"
  fi
  apt-get -q update || true # a broken source elsewhere need not matter; the next line tells
  apt-get -q -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$1"
`;

main(process.argv.slice(2));

/** @param {readonly string[]} names */
function main(names) {
  const unknown = names.filter((name) => !Object.hasOwn(programs, name));
  if (unknown.length > 0)
    fail(`Unknown program ${unknown.join(', ')}: choose from ${Object.keys(programs).join(', ')}.`);
  if (!hasPackages()) installPackages();
  names.forEach((name) => ensureProgram(programs[name]));
}

function hasPackages() {
  const installed = modifiedAt('node_modules/.package-lock.json');
  const locked = modifiedAt('package-lock.json');
  return installed !== undefined && (locked === undefined || installed >= locked);
}

/** @param {string} path */
function modifiedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs;
}

function installPackages() {
  say('Installing npm packages.');
  const options = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['ci', ...options], { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail('npm ci failed.');
}

/** @param {(typeof programs)[keyof typeof programs]} program */
function ensureProgram(program) {
  if (program.find()) return;
  const named = process.env[program.variable];
  if (named) fail(`${program.variable} names ${named}, which is not an executable file.`);
  installWithApt(program.aptPackage);
  if (program.find()) return;
  if (program.isRequired) fail(program.missing);
  say(program.missing);
}

/** @param {string} packageName */
function installWithApt(packageName) {
  const asRoot = findOnPath('apt-get') && rootCommand();
  if (!asRoot) return;
  say(`Installing ${packageName} with apt-get.`);
  const [command, ...rest] = [...asRoot, 'sh', '-c', aptScript, 'sh', packageName];
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0)
    say(
      `apt-get could not install ${packageName}: ${lastLine(stderr) ?? lastLine(stdout) ?? 'no reason given'}`,
    );
}

/** What to put before a command so that it runs as root, or undefined where that is not possible. */
function rootCommand() {
  if (process.getuid?.() === 0) return [];
  if (findOnPath('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0) return ['sudo', '-n'];
  return undefined;
}

/** @param {string} text */
function lastLine(text) {
  return text
    .trim()
    .split('\n')
    .findLast((line) => line !== '');
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * @param {string} line
 * @returns {never}
 */
function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
