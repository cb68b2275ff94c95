const { resolve } = require('node:path');
const webpack = require('webpack');
const { optionalPackages } = require('./optional-packages.cjs');

const settings = {
  mode: 'none',
  target: 'node',
  entry: resolve('src/bundle.mjs'),
  output: { path: resolve('webpack'), filename: 'main.js' },
  externals: Object.fromEntries(optionalPackages.map((name) => [name, `commonjs ${name}`])),
  // Frameworks load some of their parts by names that are not known in advance.
  ignoreWarnings: [({ module }) => !module?.resource?.includes('nestjs-redis-replication')],
};
webpack(settings, (error, stats) => {
  if (error) throw error;
  if (stats.hasErrors() || stats.hasWarnings()) console.log(stats.toString('errors-warnings'));
});
