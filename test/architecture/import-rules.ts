import type { Import, Source } from './read-source.js';

/** Each folder of `lib/` with the folders it may import from, types included: those below it. */
const layers: Readonly<Record<string, readonly string[]>> = {
  topology: [],
  // Runs before anything else is loaded. Only the entry files import it.
  peers: [],
  sockets: ['topology'],
  sources: ['topology'],
  observers: ['topology', 'sockets', 'sources'],
  stream: ['topology', 'sockets', 'sources', 'observers'],
  connections: ['topology', 'sockets', 'sources', 'observers', 'stream'],
  nest: ['topology', 'sockets', 'sources', 'observers', 'stream', 'connections'],
  // The indicator finds its connections by the tokens of the module. The module must not know the indicator,
  // because `@nestjs/terminus` may be absent.
  health: ['topology', 'sockets', 'sources', 'observers', 'stream', 'connections', 'nest'],
};

/** What users import. Only these files gather the exports of others, and no file imports them. */
export const entryFiles: readonly string[] = ['lib/index.ts', 'lib/health/index.ts'];

const ioredisLayers = ['observers', 'connections'];
const nestLayers = ['nest', 'health'];

/** One line for each import that is not allowed. */
export function findForbiddenImports(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const layer = layerOf(source.path);
    if (source.path !== 'lib/index.ts' && layers[layer] === undefined) {
      return [`${source.path} is in no layer`];
    }
    return source.imports.flatMap((each) => {
      const reason = isInLib(each.target) ? refuseFile(source, each) : refusePackage(source, each);
      return reason === undefined ? [] : [`${source.path} imports ${each.target}: ${reason}`];
    });
  });
}

function refuseFile({ path }: Source, { target }: Import): string | undefined {
  if (entryFiles.includes(target)) return 'nothing imports an entry file';
  if (path === 'lib/index.ts') return undefined;
  const [from, to] = [layerOf(path), layerOf(target)];
  if (to === 'peers' && from !== to && !entryFiles.includes(path)) return 'only entry files import peers';
  if (from === to || to === 'peers' || layers[from]?.includes(to)) return undefined;
  return `${from} may not import ${to}`;
}

function refusePackage({ path }: Source, { target, kind }: Import): string | undefined {
  const layer = layerOf(path);
  if (layer === 'topology') return 'topology imports nothing';
  if (layer === 'peers' && !target.startsWith('node:')) return 'peers imports nothing but Node';
  if (target.startsWith('@nestjs/') && !nestLayers.includes(layer)) {
    return `only ${nestLayers.join(' and ')} import @nestjs packages`;
  }
  if (/^ioredis(\/|$)/.test(target) && kind === 'value' && !ioredisLayers.includes(layer)) {
    return `only ${ioredisLayers.join(' and ')} import values of ioredis`;
  }
  return undefined;
}

function isInLib(target: string): boolean {
  return target.startsWith('lib/');
}

/** `topology` for `lib/topology/pick.ts`, and for files that lie deeper too. */
function layerOf(path: string): string {
  return path.split('/')[1] ?? '';
}
