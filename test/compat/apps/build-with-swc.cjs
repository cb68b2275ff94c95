// What `nest build --builder swc` does: each file by itself, without types.
const { mkdirSync, readdirSync, writeFileSync } = require('node:fs');
const { transformFileSync } = require('@swc/core');

mkdirSync('dist');
for (const file of readdirSync('src').filter((name) => name.endsWith('.ts'))) {
  const { code } = transformFileSync(`src/${file}`, {
    module: { type: 'commonjs' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  });
  writeFileSync(`dist/${file.replace(/ts$/, 'js')}`, code);
}
