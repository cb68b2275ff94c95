// The public API as text, one report in api/ for each entry point: a change of it is seen where it is reviewed.
//   node tools/api.mjs check     fails if a report is not what the declarations in dist/ say
//   node tools/api.mjs update    writes the reports
// A second argument names the folder of another project.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const [action, folder = join(import.meta.dirname, '..')] = process.argv.slice(2);
const root = resolve(folder);
const kept = join(root, 'api');
const made = join(root, 'node_modules/.cache/api');
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
if (action !== 'check' && action !== 'update') fail('usage: node tools/api.mjs check | update');

const entries = entryPoints();
const reports = entries.map(({ report }) => report);
const stale = existsSync(kept) ? readdirSync(kept).filter((file) => !reports.includes(file)) : [];
mkdirSync(kept, { recursive: true });
mkdirSync(made, { recursive: true });
const changed = entries.filter(reportEntry).map(({ report }) => report);

if (action === 'update') {
  stale.forEach((file) => rmSync(join(kept, file)));
  const files = [...changed, ...stale];
  console.log(files.length === 0 ? 'Nothing has changed.' : `Changed: ${files.join(', ')}`);
} else if (changed.length + stale.length > 0) {
  changed.forEach(printDifference);
  fail(`The public API is not what api/ says (${[...changed, ...stale].join(', ')}).
If that is intended, run npm run api:update, commit api/, and see docs/versioning.md for the version it asks for.`);
} else {
  console.log(`The public API of ${entries.length} entry points is what api/ says.`);
}

/** What package.json exports with types: `{ report: 'health.api.md', types: 'dist/health/index.d.ts' }`. */
function entryPoints() {
  return Object.entries(packageJson.exports)
    .filter(([, target]) => target.default?.types !== undefined)
    .map(([path, target]) => ({
      report: `${path === '.' ? 'index' : posix.basename(path)}.api.md`,
      types: posix.normalize(target.default.types),
    }));
}

/** @returns {boolean} whether the report has changed; after an update it is written */
function reportEntry({ report, types }) {
  if (!existsSync(join(root, types))) fail(`${types} is missing: run npm run build first`);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      compiler: { overrideTsconfig: compilerOptions(types) },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: kept,
        reportTempFolder: made,
        // A type that is reachable without being exported is as public as one that is.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: action === 'update',
    messageCallback: ignore,
  });
  return apiReportChanged;
}

function compilerOptions(types) {
  return {
    compilerOptions: {
      target: 'ES2023',
      lib: ['ES2023'],
      module: 'nodenext',
      moduleResolution: 'nodenext',
      types: ['node'],
      strict: true,
      skipLibCheck: true,
    },
    files: [join(root, types)],
  };
}

/** Reports hold declarations only: how comments are written is checked elsewhere. */
function ignore(message) {
  message.handled = true;
  message.logLevel = ExtractorLogLevel.None;
}

function printDifference(report) {
  const options = [
    'diff',
    '--no-index',
    '--unified=2',
    '--no-color',
    '--',
    `api/${report}`,
    join(made, report),
  ];
  spawnSync('git', options, { cwd: root, stdio: 'inherit' });
}

/**
 * @param {string} text
 * @returns {never}
 */
function fail(text) {
  console.error(text);
  process.exit(1);
}
