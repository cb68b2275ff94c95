import type { SourceKind } from '../doctor/facts.js';
import type { SentinelGroup } from '../doctor/gather/ask-sentinels.js';
import type { ClusterNodesOptions } from '../nest/options.js';
import { discoverNodes } from '../sources/discover-nodes.js';
import type { NodeSource } from '../sources/node-source.js';
import { primaryEndpoint } from '../sources/primary-endpoint.js';
import { readEndpoints } from '../sources/read-endpoints.js';
import { sentinelNodes } from '../sources/sentinel/sentinel-nodes.js';
import { staticNodes } from '../sources/static-nodes.js';
import type { Endpoint } from '../topology/endpoint.js';
import { readUrls, toText, type UrlOptions } from '../urls/from-url.js';
import { nodeVariables } from './flags.js';
import type { Arguments, Environment } from './read-arguments.js';
import { UsageError } from './usage-error.js';

/** Where the nodes are, as the options of the module say it. */
export interface Place {
  readonly kind: SourceKind;
  readonly place: { readonly source: NodeSource } | { readonly cluster: ClusterNodesOptions };
  /** The endpoints that the user names. */
  readonly given: readonly Endpoint[];
  readonly sentinels?: SentinelGroup;
  /** What a URL states beside. */
  readonly redis?: UrlOptions['redis'];
}

type Kind = (typeof nodeVariables)[keyof typeof nodeVariables];

/**
 * The source that the command line names, or else the one variable that names nodes.
 *
 * @throws UsageError or TypeError that says what is missing or wrong, and quotes nothing.
 */
export function readSource(given: Arguments, environment: Environment, sentinel: SentinelAccess): Place {
  const { kind, nodes } = chooseNodes(given, environment);
  const context = { given, sentinel };
  switch (kind) {
    case 'static':
      return { kind, given: endpointsOf('staticNodes', nodes), place: { source: staticNodes(nodes) } };
    case 'discover':
      return { kind, given: endpointsOf('discoverNodes', nodes), place: { source: discover(nodes, given) } };
    case 'primary':
      return primary(nodes, given);
    case 'sentinel':
      return sentinels(nodes, context);
    case 'cluster':
      return { kind, given: endpointsOf('cluster.nodes', nodes), place: { cluster: { nodes } } };
    case 'url':
      return fromUrls(nodes.join(','));
    default:
      return kind satisfies never;
  }
}

/** How to reach the Sentinels. */
export type SentinelAccess = Pick<SentinelGroup, 'username' | 'password' | 'tls'>;

interface Nodes {
  readonly kind: Kind;
  readonly nodes: readonly string[];
}

const FORMS = 'name the nodes as host:port, or set one of ' + Object.keys(nodeVariables).join(', ');

function chooseNodes(given: Arguments, environment: Environment): Nodes {
  const wanted = wantedKind(given);
  if (given.words.length > 0) {
    if (wanted === 'url') {
      throw new UsageError('a URL has the password in it, so it is read from REDIS_URL only');
    }
    return { kind: wanted ?? 'static', nodes: given.words };
  }
  const set = Object.entries(nodeVariables).filter(
    ([variable, kind]) => (environment[variable] ?? '') !== '' && (wanted === undefined || wanted === kind),
  );
  const [only, ...others] = set;
  if (only === undefined || others.length > 0) {
    const found =
      only === undefined ? 'no node is named' : `${set.map(([name]) => name).join(' and ')} are set`;
    throw new UsageError(`${found}; ${FORMS}`);
  }
  const [variable, kind] = only;
  const text = environment[variable] ?? '';
  return { kind, nodes: text.split(',').map((each) => each.trim()) };
}

const kinds = ['static', 'discover', 'primary', 'sentinel', 'url'] as const;

function wantedKind(given: Arguments): Kind | undefined {
  const text = given.get('source');
  const kind = kinds.find((each) => each === text);
  if (text !== undefined && kind === undefined) {
    throw new UsageError(`--source is none of ${kinds.join(', ')}`);
  }
  if (given.has('cluster') && kind !== undefined) {
    throw new UsageError('--cluster and --source are both given; give one');
  }
  return given.has('cluster') ? 'cluster' : kind;
}

function endpointsOf(source: string, nodes: readonly string[]): readonly Endpoint[] {
  return readEndpoints(source, nodes);
}

function discover(nodes: readonly string[], given: Arguments): NodeSource {
  const allow = given.get('allow');
  return discoverNodes(nodes, allow === undefined ? {} : { allow: allow.split(',') });
}

function primary(nodes: readonly string[], given: Arguments): Place {
  const [name, ...others] = nodes;
  if (name === undefined || others.length > 0) {
    throw new UsageError('--source primary takes one name, host:port; --reader names that of the replicas');
  }
  const reader = given.get('reader');
  return {
    kind: 'primary',
    given: endpointsOf('primaryEndpoint', [name, ...(reader === undefined ? [] : [reader])]),
    place: { source: primaryEndpoint(name, reader === undefined ? {} : { reader }) },
  };
}

interface SentinelContext {
  readonly given: Arguments;
  readonly sentinel: SentinelAccess;
}

function sentinels(nodes: readonly string[], { given, sentinel }: SentinelContext): Place {
  const name = given.get('name');
  if (name === undefined) {
    throw new UsageError('--source sentinel needs --name, the name under which they monitor the master');
  }
  const options = { ...sentinel, name, sentinels: nodes };
  return { kind: 'sentinel', given: [], place: { source: sentinelNodes(options) }, sentinels: options };
}

function fromUrls(text: string): Place {
  const named = readUrls(text);
  const nodes = named.endpoints.map(toText);
  const redis = named.settings;
  const common = { given: named.endpoints, redis };
  switch (named.kind) {
    case 'cluster':
      return { ...common, kind: 'cluster', place: { cluster: { nodes } } };
    case 'sentinels': {
      const options = { ...named.sentinel, sentinels: nodes };
      return {
        kind: 'sentinel',
        given: [],
        redis,
        place: { source: sentinelNodes(options) },
        sentinels: options,
      };
    }
    case 'name':
      return { ...common, kind: 'primary', place: { source: primaryEndpoint(nodes.join()) } };
    case 'nodes':
      return { ...common, kind: 'static', place: { source: staticNodes(nodes) } };
    default:
      return named satisfies never;
  }
}
