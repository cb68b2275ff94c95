// Installs the packed package in an empty project and loads it as a user would, from ESM and from CommonJS.
//   node tools/smoke-test.mjs <tarball>
// Only what package.json declares is there to be imported, so a forgotten dependency shows.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { name, dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const main = { from: name, names: ['RedisReplicationModule', 'InjectRedisWriter', 'staticNodes'] };
/** The entry points that need no package of their own. */
const others = [
  { from: `${name}/azure`, names: ['entraId'] },
  { from: `${name}/dashboard`, names: ['RedisReplicationDashboardModule'] },
  { from: `${name}/google`, names: ['memorystoreIam'] },
  { from: `${name}/testing`, names: ['startRedisGroup', 'createTestingConnections'] },
];
/** The entry points that need a package which others do without. */
const optional = {
  '@nestjs/terminus': { from: `${name}/health`, names: ['RedisReplicationHealthIndicator'] },
  '@opentelemetry/api': { from: `${name}/metrics`, names: ['RedisReplicationMetricsModule'] },
  '@nestjs/microservices': {
    from: `${name}/microservices`,
    names: ['RedisReplicationClient', 'RedisReplicationServer'],
  },
  '@smithy/signature-v4': { from: `${name}/aws`, names: ['elastiCacheIam'] },
  '@aws-sdk/client-elasticache': { from: `${name}/elasticache`, names: ['elastiCacheNodes'] },
  // For certificates only.
  selfsigned: { from: `${name}/testing`, names: ['startRedisGroup'] },
};

const checkFunction = `
function check(from, names, exported) {
  const missing = names.filter((name) => typeof exported[name] !== 'function');
  if (missing.length > 0) throw new Error(from + ' does not export ' + missing.join(', '));
}`;

const tarball = resolve(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'smoke-test-'));
try {
  const project = installPackage(folder);
  load(project, 'without optional peers', [main, ...others]);
  runBin(project);
  for (const [peer, entry] of Object.entries(optional)) {
    linkPackage(project, peer);
    load(project, `with ${peer}`, [main, entry]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Unpacks the package into an empty project beside links to what it declares; returns the project's folder. */
function installPackage(parent) {
  const project = join(parent, 'project');
  const target = join(project, 'node_modules', name);
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  const declared = Object.keys({ ...dependencies, ...peerDependencies });
  declared.filter((each) => optional[each] === undefined).forEach((each) => linkPackage(project, each));
  return project;
}

function linkPackage(project, packageName) {
  const link = join(project, 'node_modules', packageName);
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(join(root, 'node_modules', packageName), link, 'dir');
}

/** Runs the command as npx would: by the file that package.json names. */
function runBin(project) {
  const own = join(project, 'node_modules', name);
  const { bin, version } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  for (const [command, file] of Object.entries(bin)) {
    const printed = execFileSync(process.execPath, [join(own, file), '--version'], { encoding: 'utf8' });
    if (printed.trim() !== version) throw new Error(`${command} --version printed ${printed}`);
    console.log(`ok ${command} as a command`);
  }
}

/** Loads the entry points in a process of its own, once from each kind of module. */
function load(project, circumstance, entries) {
  const loaders = {
    'esm.mjs': (from) => `await import('${from}')`,
    'commonjs.cjs': (from) => `require('${from}')`,
  };
  for (const [file, loader] of Object.entries(loaders)) {
    const checks = entries.map(
      ({ from, names }) => `check('${from}', ${JSON.stringify(names)}, ${loader(from)});`,
    );
    writeFileSync(join(project, file), [checkFunction, ...checks].join('\n'));
    execFileSync(process.execPath, [file], { cwd: project, stdio: 'inherit' });
    entries.forEach(({ from }) => console.log(`ok ${from} from ${file} ${circumstance}`));
  }
}
