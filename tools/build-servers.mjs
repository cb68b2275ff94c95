// Builds the servers that Debian offers as source packages, for `npm run test:servers`. Other versions come by
// REDIS_SERVER_BINS.
//   node tools/build-servers.mjs [--jobs N] [--again] [redis-8 valkey-9.1 …]
// Needs Debian, gcc, make and libssl-dev. Root is not needed, and the machine's own package lists stay as
// they are: apt-get works in a folder of its own.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findOnPath } from './find-binary.mjs';
import { builtServersFolder, identifyServer, seriesOf } from './server-versions.mjs';

/** `experimental` has the versions that wait for the next release. */
const suites = ['bookworm', 'trixie', 'sid', 'experimental'];
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const aptFolder = join(builtServersFolder, 'apt');
const logFile = join(builtServersFolder, 'build.log');
const aptOptions = [
  ['Dir::Etc::SourceList', join(aptFolder, 'sources.list')],
  ['Dir::Etc::SourceParts', '/dev/null'],
  ['Dir::State::Lists', join(aptFolder, 'lists')],
  ['Dir::Cache', join(aptFolder, 'cache')],
  ['APT::Sandbox::User', 'root'],
].flatMap(([name, value]) => ['-o', `${name}=${value}`]);

main();

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { jobs: { type: 'string', default: '2' }, again: { type: 'boolean', default: false } },
  });
  const missing = ['apt-get', 'gcc', 'make'].filter((name) => !findOnPath(name));
  if (missing.length > 0) fail(`Cannot build servers: ${missing.join(', ')} not found.`);
  const offered = newestOfEachSeries(readOffers());
  const wanted = offered.filter(
    ({ name }) => positionals.length === 0 || positionals.some((prefix) => name.startsWith(prefix)),
  );
  if (wanted.length === 0)
    fail(`Nothing to build: Debian offers ${offered.map(({ name }) => name).join(', ')}.`);
  const failed = wanted.filter((offer) => !build(offer, { jobs: values.jobs, isForced: values.again }));
  if (failed.length > 0) fail(`${failed.length} of ${wanted.length} servers could not be built.`);
}

/**
 * @typedef {object} Offer
 * @property {string} name with the upstream version: `redis-8.0.6`
 * @property {'redis' | 'valkey'} source
 * @property {string} version as Debian writes it
 */

/** @returns {Offer[]} */
function readOffers() {
  mkdirSync(join(aptFolder, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(aptFolder, 'cache'), { recursive: true });
  writeFileSync(join(aptFolder, 'sources.list'), sourceLines());
  const update = spawnSync('apt-get', [...aptOptions, '-q', 'update'], { encoding: 'utf8' });
  if (update.status !== 0) fail(`Cannot read the package lists: ${lastLine(update.stderr)}`);
  const shown = spawnSync('apt-cache', [...aptOptions, 'showsrc', 'redis', 'valkey'], { encoding: 'utf8' });
  return shown.stdout.split('\n\n').flatMap((paragraph) => {
    const source = /^Package: (redis|valkey)$/m.exec(paragraph)?.[1];
    const version = /^Version: (.+)$/m.exec(paragraph)?.[1];
    const upstream = version && /^(?:\d+:)?([\d.]+)/.exec(version)?.[1];
    return source && upstream ? [{ name: `${source}-${upstream}`, source, version }] : [];
  });
}

/** From the mirror that the machine itself uses. */
function sourceLines() {
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const targets = [
    'indextargets',
    '--format',
    '$(REPO_URI) $(RELEASE)',
    'Created-By: Packages',
    'Component: main',
  ];
  const mirror = spawnSync('apt-get', targets, { encoding: 'utf8' })
    .stdout.split('\n')
    .map((line) => line.split(' '))
    .find(([, release]) => release === codename)?.[0];
  if (!/^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8')) || mirror === undefined)
    fail('Cannot build servers: this is not Debian, or its apt sources name no mirror.');
  const trust = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  return suites.map((suite) => `deb-src ${trust}${mirror} ${suite} main\n`).join('');
}

/**
 * @param {Offer[]} offers
 * @returns {Offer[]}
 */
function newestOfEachSeries(offers) {
  const ordered = offers.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  return [...new Map(ordered.map((offer) => [seriesOf(offer.name), offer])).values()];
}

/**
 * @param {Offer} offer
 * @param {{ jobs: string, isForced: boolean }} options
 * @returns {boolean}
 */
function build({ name, source, version }, { jobs, isForced }) {
  const target = join(builtServersFolder, name, `${source}-server`);
  if (!isForced && identifyServer(target)) return say(`${name}: is built`, true);
  const folder = join(aptFolder, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  say(`${name}: building`);
  const failure = fetchSource(`${source}=${version}`, folder) ?? make(folder, jobs);
  if (failure !== undefined) return say(`${name}: not built: ${failure} (more in ${logFile})`, false);
  mkdirSync(join(builtServersFolder, name), { recursive: true });
  copyFileSync(join(folder, 'src', `${source}-server`), target);
  rmSync(folder, { recursive: true });
  return say(`${name}: built`, true);
}

/**
 * As its authors published it, without Debian's changes. apt-get checks it against the signed list.
 *
 * @param {string} source
 * @param {string} folder
 */
function fetchSource(source, folder) {
  const failure = run(
    'apt-get',
    [...aptOptions, '-q', 'source', '--only-source', '--tar-only', source],
    folder,
  );
  if (failure !== undefined) return failure;
  const archive = readdirSync(folder).find((file) => file.includes('.orig.tar.'));
  return archive === undefined
    ? 'the package has no source archive'
    : run('tar', ['-xf', archive, '--strip-components=1'], folder);
}

/**
 * @param {string} folder
 * @param {string} jobs
 */
function make(folder, jobs) {
  return run('nice', ['-n', '19', 'make', 'BUILD_TLS=yes', 'MALLOC=libc', `-j${jobs}`], folder);
}

/** @returns {string | undefined} why it failed, in a line */
function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return undefined;
  writeFileSync(logFile, `${stdout}\n${stderr}\n`);
  return error?.message ?? firstError(stderr ?? '') ?? lastLine(stderr ?? '');
}

/** The first line that calls itself an error tells more than the last one. */
function firstError(text) {
  return text.split('\n').find((line) => /^E: |error:|undefined reference|cannot find/i.test(line));
}

function lastLine(text) {
  return text.trim().split('\n').at(-1);
}

/**
 * @template T
 * @param {string} line
 * @param {T} [result]
 * @returns {T}
 */
function say(line, result) {
  process.stdout.write(`${line}\n`);
  return result;
}

/**
 * @param {string} line
 * @returns {never}
 */
function fail(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}
