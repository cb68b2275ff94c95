import { descendsFrom } from './lineage.js';
import { standingOf, type Evidence } from './claims.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';
import { bytesLost, lossOf } from './data-loss.js';
import type { TopologyNode } from './topology.js';

interface View {
  /** Those of the topology before. */
  readonly before: readonly TopologyNode[];
  readonly evidence: Evidence;
  readonly master: AnsweredServer | undefined;
  /** When the master replaced another one, in milliseconds of the monotonic clock. */
  readonly since: number | undefined;
  /** The availability zones of endpoints. */
  readonly zones: ReadonlyMap<string, string>;
}

/** Every server as a node of the topology, sorted by endpoint. */
export function describeServers(view: View): readonly TopologyNode[] {
  return view.evidence.servers
    .map((server) => keepKnown(describeServer(server, view), view.before))
    .toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
}

/**
 * What a superseded master accepted in vain is known until it is a replica, also if it is restarted as one; and a node that
 * cannot be reached does not show that others no longer write into what it reports.
 */
function keepKnown(node: TopologyNode, before: readonly TopologyNode[]): TopologyNode {
  if (node.kind === 'master' || node.kind === 'replica' || node.kind === 'pending') {
    return node;
  }
  const old = before.find(({ endpoint }) => endpoint === node.endpoint);
  const lostBytes = Math.max(node.lostBytes ?? 0, lossOf(old) ?? 0);
  return {
    ...node,
    ...(lostBytes > 0 && { lostBytes }),
    ...(node.kind === 'unusable' && isUntrusted(old) && { untrusted: true as const }),
  };
}

/** M21: whether others write into what the node reports, as far as is known. */
export function isUntrusted(node: TopologyNode | undefined): boolean {
  return node !== undefined && node.kind !== 'pending' && node.untrusted === true;
}

function describeServer(server: Server, view: View): TopologyNode {
  const identity = {
    endpoint: server.endpoint,
    address: server.address,
    ...(server.aliases.length > 0 && { aliases: server.aliases }),
    ...describeZone(server, view.zones),
  };
  if (isAnswered(server)) {
    return { ...identity, ...describeAnswer(server, view) };
  }
  const { observation } = server;
  return observation.kind === 'faulty'
    ? {
        ...identity,
        kind: 'unusable',
        reachable: false,
        fault: observation.fault,
        message: observation.message,
      }
    : { ...identity, kind: 'pending', reachable: false };
}

function describeZone({ endpoint, aliases }: Server, zones: View['zones']): { readonly zone?: string } {
  const [zone] = [endpoint, ...aliases].flatMap((name) => zones.get(name) ?? []);
  return zone === undefined ? {} : { zone };
}

function describeAnswer(server: AnsweredServer, { evidence, master, since = -Infinity }: View) {
  const { role, runId, version, offset, link } = server.report;
  const isOn = role === 'replica' && master !== undefined ? isFollowing(server, master) : undefined;
  // A report from before this master was accepted does not show whether the replica will follow it.
  const following = server.observation.at < since ? undefined : isOn;
  const lagBytes = following === true ? lagBehind(server, master) : undefined;
  const kind = kindOf(server, evidence, master);
  const lostBytes = kind === 'stale' && master !== undefined ? bytesLost(server.report, master.report) : 0;
  return {
    kind,
    role,
    reachable: true,
    ...(runId !== undefined && { runId }),
    ...(version !== undefined && { version }),
    ...(offset !== undefined && { offset }),
    ...(link !== undefined && { link }),
    ...(lagBytes !== undefined && { lagBytes }),
    ...(following !== undefined && { following }),
    ...(isOn === false &&
      master !== undefined &&
      isAstray(server, master, evidence) && { astray: true as const }),
    ...(role === 'replica' && isForeign(server, evidence) && { foreign: true as const }),
    ...(server.report.untrusted && { untrusted: true as const }),
    ...(lostBytes > 0 && { lostBytes }),
  } as const;
}

function kindOf(server: AnsweredServer, evidence: Evidence, master: AnsweredServer | undefined) {
  if (server.report.role === 'replica') {
    return 'replica';
  }
  if (server.endpoint === master?.endpoint) {
    return 'master';
  }
  return standingOf(server, evidence) === 'standing' ? 'contender' : 'stale';
}

/** A replica without a known history is assumed to follow, because no replica would be usable without `INFO` otherwise. */
function isFollowing(replica: AnsweredServer, master: AnsweredServer): boolean {
  const [own, its] = [replica.report.history?.id, master.report.history?.id];
  return own === undefined || its === undefined || own === its;
}

/**
 * Nothing in common with the accepted master, or with the last one while there is none; see the field `foreign`. Only
 * where histories cannot be compared does it count that a replica was never in sync.
 */
function isForeign({ report }: AnsweredServer, { accepted, lineage }: Evidence): boolean {
  const [own, its] = [report.history?.id, accepted?.replicationId];
  if (own === undefined || its === undefined) {
    return report.neverSynced === true;
  }
  return own !== its && !descendsFrom(lineage, its, own) && !descendsFrom(lineage, own, its);
}

/** Its link is up, but its history is no ancestor of the master's: it replicates from a master that we do not know. */
function isAstray({ report }: AnsweredServer, master: AnsweredServer, { lineage }: Evidence): boolean {
  const [own, its] = [report.history?.id, master.report.history?.id];
  return report.link === 'up' && own !== undefined && its !== undefined && !descendsFrom(lineage, its, own);
}

function lagBehind(replica: AnsweredServer, master: AnsweredServer | undefined): number | undefined {
  const [written, applied] = [master?.report.offset, replica.report.offset];
  // The two offsets are from different moments, so the replica can appear to be ahead.
  return written === undefined || applied === undefined ? undefined : Math.max(0, written - applied);
}
