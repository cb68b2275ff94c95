// The entry points of the package, in the order of package.json.
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export const root = join(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** `{ name: 'health', types: 'dist/health/index.d.ts' }`; the main one is named `index`. */
export const entryPoints = Object.entries(exports)
  .filter(([, target]) => target.default?.types !== undefined)
  .map(([path, target]) => ({
    name: path === '.' ? 'index' : posix.basename(path),
    types: posix.normalize(target.default.types),
  }));
