import type { Import, Source } from './read-source.js';

/**
 * Each folder of `lib/` with the folders it may import from, types included: those below it. A folder inside of a folder
 * that stands here has rules of its own.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  // Runs before anything else is loaded. Only the entry files import it.
  peers: [],
  topology: [],
  // The one place that reads a clock.
  clock: [],
  options: [],
  // RESP over one socket. It knows nothing of nodes.
  wire: [],
  replies: ['topology'],
  notices: ['topology'],
  // One holder, handed to observers and connections.
  credentials: ['topology', 'clock', 'options', 'notices', 'wire'],
  sockets: ['topology', 'clock', 'options'],
  sources: ['topology', 'options'],
  // The one source that talks to servers by itself.
  'sources/sentinel': ['credentials', 'topology', 'options', 'wire', 'replies', 'sockets', 'sources'],
  fleet: ['topology', 'replies'],
  observers: ['credentials', 'topology', 'wire', 'replies', 'sockets', 'fleet'],
  stream: ['topology', 'clock', 'sources', 'fleet', 'observers'],
  // The line does not know how commands end, and the outcomes do not know where sockets come from.
  'connections/ioredis': ['credentials', 'topology', 'replies', 'options'],
  // It says why a node cannot be used in the words of the observers.
  'connections/line': ['topology', 'clock', 'sockets', 'stream', 'notices', 'replies'],
  'connections/outcomes': ['topology', 'clock', 'notices', 'connections/ioredis'],
  // What the app has set on its connection, and the next one needs too.
  'connections/session': ['topology', 'notices', 'connections/ioredis'],
  connections: [
    'credentials',
    'topology',
    'notices',
    'replies',
    'sockets',
    'stream',
    'connections/ioredis',
    'connections/line',
    'connections/outcomes',
    'connections/session',
  ],
  // Beside `connections`: one of them for each shard.
  cluster: [
    'topology',
    'clock',
    'sources',
    'observers',
    'stream',
    'connections',
    'connections/ioredis',
    'connections/outcomes',
  ],
  // What happened, folded from what is observable. It does no I/O.
  history: ['topology', 'clock', 'connections/outcomes'],
  // What happens, for whoever has subscribed to the channels of Node.
  diagnostics: ['topology', 'connections/outcomes', 'cluster', 'history'],
  nest: [
    'credentials',
    'topology',
    'clock',
    'options',
    'sockets',
    'notices',
    'sources',
    'observers',
    'stream',
    'connections',
    'connections/ioredis',
    'connections/outcomes',
    'cluster',
    'history',
    'diagnostics',
  ],
  urls: ['topology', 'options', 'sources', 'sources/sentinel'],
  aws: ['clock', 'credentials', 'options'],
  azure: ['credentials', 'options'],
  google: ['clock', 'credentials', 'options'],
  elasticache: ['topology', 'options', 'sources'],
  health: [
    'topology',
    'clock',
    'options',
    'connections',
    'connections/ioredis',
    'connections/line',
    'connections/outcomes',
    'cluster',
    'history',
    'nest',
  ],
  // Reads what the core counts anyway. The core knows nothing of it.
  metrics: ['topology', 'clock', 'connections/outcomes', 'history', 'nest'],
  // Values, and one id for each finding.
  doctor: ['topology'],
  // Pure: what was gathered → findings.
  'doctor/checks': ['topology', 'doctor'],
  // Observes as the module does, and asks more than it would.
  'doctor/gather': [
    'topology',
    'clock',
    'credentials',
    'wire',
    'replies',
    'sockets',
    'sources',
    'sources/sentinel',
    'observers',
    'cluster',
    'nest',
    'doctor',
  ],
  cli: [
    'topology',
    'clock',
    'options',
    'sources',
    'sources/sentinel',
    'connections/ioredis',
    'nest',
    'urls',
    'doctor',
    'doctor/checks',
    'doctor/gather',
  ],
  // What it shows of health is what the health check says.
  dashboard: ['topology', 'clock', 'options', 'connections/outcomes', 'cluster', 'history', 'nest', 'health'],
  // For the tests of apps, and our own: real servers with faults, and what replaces connections.
  testing: ['topology', 'clock', 'options', 'sources', 'sources/sentinel', 'connections/outcomes', 'nest'],
  // Makes duplicates of the writer that it is given.
  microservices: [],
};

/**
 * Folders behind an entry point of their own. Nothing imports them: what an app does not ask for is not loaded, and a
 * package that only they need may be absent.
 */
const entryFolders: Readonly<Record<string, { readonly optionalPeers: readonly string[] }>> = {
  aws: { optionalPeers: ['@smithy/signature-v4'] },
  azure: { optionalPeers: [] },
  cli: { optionalPeers: [] },
  dashboard: { optionalPeers: [] },
  elasticache: { optionalPeers: ['@aws-sdk/client-elasticache'] },
  google: { optionalPeers: [] },
  health: { optionalPeers: ['@nestjs/terminus'] },
  metrics: { optionalPeers: ['@opentelemetry/api'] },
  testing: { optionalPeers: ['selfsigned'] },
  microservices: { optionalPeers: ['@nestjs/microservices'] },
};

/** What users import. Only these files gather the exports of others, and no file imports them. */
export const entryFiles: readonly string[] = [
  'lib/index.ts',
  'lib/aws/index.ts',
  'lib/azure/index.ts',
  'lib/cli/main.ts',
  'lib/dashboard/index.ts',
  'lib/elasticache/index.ts',
  'lib/google/index.ts',
  'lib/health/index.ts',
  'lib/metrics/index.ts',
  'lib/microservices/index.ts',
  'lib/testing/index.ts',
];

const ioredisLayers = [
  'cluster',
  'connections',
  'connections/ioredis',
  'connections/outcomes',
  'connections/session',
  'testing',
];
const nestLayers = ['nest', 'health', 'dashboard', 'metrics', 'microservices'];

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
  if (from === to || to === 'peers') return undefined;
  if (layers[from]?.includes(to)) return undefined;
  if (Object.hasOwn(entryFolders, to)) return `nothing imports ${to}, which is an entry point`;
  return `${from} may not import ${to}`;
}

function refusePackage({ path }: Source, { target, kind }: Import): string | undefined {
  const layer = layerOf(path);
  if (layer === 'topology') return 'topology imports nothing';
  const owner = Object.keys(entryFolders).find((each) => entryFolders[each]?.optionalPeers.includes(target));
  if (owner !== undefined && owner !== layer) return `only ${owner} imports the optional ${target}`;
  if (layer === 'peers' && !target.startsWith('node:')) return 'peers imports nothing but Node';
  if (target.startsWith('@nestjs/') && !nestLayers.includes(layer)) {
    return `only ${nestLayers.join(', ')} import @nestjs packages`;
  }
  if (/^ioredis(\/|$)/.test(target) && kind === 'value' && !ioredisLayers.includes(layer)) {
    return `only ${ioredisLayers.join(' and ')} import values of ioredis`;
  }
  return undefined;
}

function isInLib(target: string): boolean {
  return target.startsWith('lib/');
}

/** `topology` for `lib/topology/pick.ts` and for files that lie deeper, unless a deeper folder has rules of its own. */
function layerOf(path: string): string {
  const [, folder = '', inner = ''] = path.split('/');
  const nested = `${folder}/${inner}`;
  return layers[nested] === undefined ? folder : nested;
}
