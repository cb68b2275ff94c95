const { buildSync } = require('esbuild');
const { optionalPackages } = require('./optional-packages.cjs');

buildSync({
  entryPoints: ['src/bundle.mjs'],
  outfile: 'esbuild/main.js',
  bundle: true,
  platform: 'node',
  external: optionalPackages,
});
