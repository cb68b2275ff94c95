import { versionOf } from '../doctor/checks/servers.js';
import type { Channel, Facts, NodeFacts, Right, RightName, ServerFacts, StepName } from '../doctor/facts.js';
import type { Finding, FindingId } from '../doctor/finding.js';
import { formatEndpoint } from '../topology/endpoint.js';
import { masterOf, type TopologyKind, type TopologyNode } from '../topology/topology.js';

/**
 * What `--json` prints: what was gathered, and what follows from it. Fields are added in later versions; the others stay as
 * they are while `version` is 1.
 */
export interface Report extends Pick<Facts, 'tookMs' | 'names' | 'sentinels'> {
  readonly version: 1;
  readonly status: 'fine' | 'warnings' | 'cannot work';
  readonly exitCode: ExitCode;
  readonly source: Facts['setup']['source'];
  readonly groups: readonly GroupReport[];
  readonly nodes: readonly NodeReport[];
  readonly findings: readonly Finding[];
}

export type ExitCode = 0 | 1 | 2;

/** The group, or one shard of a cluster. */
export interface GroupReport {
  readonly shard?: string;
  readonly kind: TopologyKind;
  readonly master?: string;
}

export interface NodeReport extends Pick<NodeFacts, 'certificates'> {
  readonly endpoint: string;
  readonly kind: TopologyNode['kind'];
  /** Such as `Redis 7.0.15`. */
  readonly server?: string;
  /** The address of the master that a replica names. */
  readonly follows?: string;
  readonly link?: string;
  readonly lagBytes?: number;
  /** The replication id, and the one before it. */
  readonly history?: readonly string[];
  readonly clients?: number;
  readonly fault?: string;
  /** Milliseconds by step. */
  readonly tookMs: Readonly<Partial<Record<StepName, number>>>;
  /** By command: `granted`, or what is missing. */
  readonly rights?: Readonly<Partial<Record<RightName, Right['outcome']>>>;
  readonly watcher?: ServerFacts['watcher'];
  readonly channel?: Channel['kind'];
  /** How many apps listen on the channel of the fleet. */
  readonly apps?: number;
  readonly write?: string;
  /** What `CONFIG GET` says of the settings that are looked at. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Findings that are ignored count for nothing, and are not shown. */
export function createReport(
  facts: Facts,
  findings: readonly Finding[],
  ignored: readonly FindingId[] = [],
): Report {
  const shown = findings.filter(({ id }) => !ignored.includes(id));
  const exitCode = exitCodeFor(shown);
  return {
    version: 1,
    status: (['fine', 'warnings', 'cannot work'] as const)[exitCode],
    exitCode,
    tookMs: facts.tookMs,
    source: facts.setup.source,
    groups: facts.groups.map(({ shard, topology }) => {
      const master = masterOf(topology);
      return {
        ...(shard !== undefined && { shard }),
        kind: topology.kind,
        ...(master !== undefined && { master }),
      };
    }),
    nodes: facts.nodes.toSorted(byRank).map(describeNode),
    names: facts.names,
    sentinels: facts.sentinels,
    findings: shown,
  };
}

/** The master first. */
function byRank(a: NodeFacts, b: NodeFacts): number {
  return Number(b.node.kind === 'master') - Number(a.node.kind === 'master');
}

function exitCodeFor(findings: readonly Finding[]): ExitCode {
  const has = (wanted: Finding['severity']) => findings.some(({ severity }) => severity === wanted);
  return has('error') ? 2 : has('warning') ? 1 : 0;
}

function describeNode(facts: NodeFacts): NodeReport {
  const { node, steps, certificates } = facts;
  return {
    endpoint: node.endpoint,
    kind: node.kind,
    ...(node.reachable && node.link !== undefined && { link: node.link }),
    ...(node.reachable && node.lagBytes !== undefined && { lagBytes: node.lagBytes }),
    ...(node.kind === 'unusable' && { fault: node.fault }),
    ...describeServer(facts),
    tookMs: Object.fromEntries(steps.map(({ name, ms }) => [name, ms])),
    certificates,
  };
}

function describeServer(facts: NodeFacts): Partial<NodeReport> {
  const { server } = facts;
  if (server === undefined) {
    return {};
  }
  const { info, settings, rights, watcher, channel, write, follows } = server;
  const version = versionOf(facts);
  const clients = info.get('connected_clients');
  const history = ['master_replid', 'master_replid2'].flatMap((name) => info.get(name) ?? []);
  return {
    ...(version !== undefined && { server: version }),
    ...(follows && { follows: formatEndpoint(follows) }),
    ...(history.length > 0 && { history: history.filter((id) => !/^0*$/.test(id)) }),
    ...(clients !== undefined && { clients: Number(clients) }),
    rights: Object.fromEntries(rights.map(({ name, outcome }) => [name, outcome])),
    watcher,
    channel: channel.kind,
    ...(channel.kind === 'works' && { apps: channel.apps }),
    ...(write && { write: write.kind === 'refused' ? write.message : write.kind }),
    settings: Object.fromEntries(settings),
  };
}
