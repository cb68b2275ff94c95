// What the bundlers start from: a module that imports the package, and one that requires it.
import * as imported from 'nestjs-redis-replication';
import required from './required.cjs';
import '../dist/main.js';

for (const name of Object.keys(required)) {
  if (imported[name] !== required[name]) throw new Error(`The bundle holds two copies of ${name}`);
}
