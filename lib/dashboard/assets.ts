import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** One file of the page. */
export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** An allow list, so that no other name can lead to a file. */
const names = [
  'index.html',
  'page.css',
  'page.js',
  'live-updates.js',
  'elements.js',
  'group.js',
  'nodes.js',
  'failovers.js',
  'overview.js',
  'plots.js',
  'wording.js',
  'judgement.js',
  'icon-unknown.svg',
  'icon-good.svg',
  'icon-warning.svg',
  'icon-bad.svg',
];

/**
 * The files of the page by their names.
 *
 * @throws Error where they are not beside this file, as in a bundle.
 */
export function readAssets(): ReadonlyMap<string, Asset> {
  try {
    return new Map(names.map((name) => [name, readAsset(name)]));
  } catch (error) {
    throw new Error(
      'RedisReplicationDashboardModule: the files of the page are not where the package is; ' +
        'a bundle has to leave nestjs-redis-replication out, as an external package',
      { cause: error },
    );
  }
}

function readAsset(name: string): Asset {
  // Both in the source and in the build, they are beside this file.
  return { type: types[extname(name)] ?? '', content: readFileSync(join(__dirname, 'public', name)) };
}
