const { resolve } = require('node:path');
const webpack = require('webpack');
const { optionalPackages } = require('./optional-packages.cjs');

const settings = {
  mode: 'none',
  target: 'node',
  entry: resolve('src/bundle.mjs'),
  output: { path: resolve('webpack'), filename: 'main.js' },
  externalsType: 'commonjs',
  externals: optionalPackages.map((name) => new RegExp(`^${name}(/|$)`)),
  // Terminus 11 loads files by computed names, and webpack takes all of the folder for candidates.
  module: { rules: [{ test: /\.(d\.ts|map)$/, type: 'asset/source' }] },
  ignoreWarnings: [({ module }) => !module?.resource?.includes('nestjs-redis-replication')],
};
webpack(settings, (error, stats) => {
  if (error) throw error;
  if (stats.hasErrors() || stats.hasWarnings()) console.log(stats.toString('errors-warnings'));
});
