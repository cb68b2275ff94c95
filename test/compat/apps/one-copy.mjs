// Whether a process that both imports and requires the package has one copy of it.
import { createRequire } from 'node:module';
import * as main from 'nestjs-redis-replication';
import * as health from 'nestjs-redis-replication/health';

const require = createRequire(import.meta.url);
compare(main, require('nestjs-redis-replication'));
compare(health, require('nestjs-redis-replication/health'));
console.log('one copy');

function compare(imported, required) {
  const [names, others] = [imported, required].map((each) => Object.keys(each).toSorted().join());
  if (names !== others || names === '') throw new Error(`import has ${names}, require has ${others}`);
  const twice = Object.keys(imported).filter((name) => imported[name] !== required[name]);
  if (twice.length > 0) throw new Error(`There are two copies of ${twice.join()}`);
}
