// Builds the package: CommonJS, and for each entry point a wrapper for ES modules that exports the same objects.
//   node tools/build.mjs [folder]     default: dist
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const folder = resolve(process.argv[2] ?? join(root, 'dist'));

rmSync(folder, { recursive: true, force: true });
compile();
cpSync(join(root, 'lib/dashboard/public'), join(folder, 'dashboard/public'), { recursive: true });
// The root of the project says "module", for the sources.
writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
wrap('index');
wrap('aws/index');
wrap('azure/index');
wrap('dashboard/index');
wrap('elasticache/index');
wrap('google/index');
wrap('health/index');
wrap('metrics/index');
wrap('microservices/index');
wrap('testing/index');

function compile() {
  const compiler = require.resolve('typescript/bin/tsc');
  const options = ['-p', join(root, 'lib/tsconfig.json'), '--outDir', folder];
  const { status } = spawnSync(process.execPath, [compiler, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/**
 * The wrapper imports Nest before the package does. Node 20.19.0 and 22.12.0 refuse to `require()` an ES module, such as
 * Nest 12, that an app has imported but not yet run (ERR_REQUIRE_CYCLE_MODULE).
 *
 * @param {string} entry
 */
function wrap(entry) {
  const names = Object.keys(require(join(folder, `${entry}.js`))).toSorted();
  const file = `./${entry.split('/').at(-1)}.js`;
  const lines = [
    `import '@nestjs/common';`,
    `import '@nestjs/core';`,
    `export { ${names.join(', ')} } from '${file}';`,
  ];
  writeFileSync(join(folder, `${entry}.mjs`), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, `${entry}.d.mts`), `export * from '${file}';\n`);
}
