import { descendsFrom } from './lineage.js';
import { isSuperseded, type Evidence } from './judge.js';
import { isAnswered, type AnsweredServer, type Server } from './servers.js';
import { bytesLost } from './data-loss.js';
import type { TopologyNode } from './topology.js';

/** Every server as the topology shows it, by endpoint. */
export function describeServers(
  evidence: Evidence,
  master: AnsweredServer | undefined,
): readonly TopologyNode[] {
  return evidence.servers
    .map((server) => describeServer(server, evidence, master))
    .toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
}

function describeServer(
  server: Server,
  evidence: Evidence,
  master: AnsweredServer | undefined,
): TopologyNode {
  const identity = {
    endpoint: server.endpoint,
    address: server.address,
    ...(server.aliases.length > 0 && { aliases: server.aliases }),
  };
  if (isAnswered(server)) {
    return { ...identity, ...describeAnswer(server, evidence, master) };
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

function describeAnswer(server: AnsweredServer, evidence: Evidence, master: AnsweredServer | undefined) {
  const { role, runId, offset, link } = server.report;
  const following = role === 'replica' && master !== undefined ? isFollowing(server, master) : undefined;
  const lagBytes = following === true ? lagBehind(server, master) : undefined;
  const kind = kindOf(server, evidence, master);
  const lostBytes = kind === 'stale' && master !== undefined ? bytesLost(server.report, master.report) : 0;
  return {
    kind,
    role,
    reachable: true,
    ...(runId !== undefined && { runId }),
    ...(offset !== undefined && { offset }),
    ...(link !== undefined && { link }),
    ...(lagBytes !== undefined && { lagBytes }),
    ...(following !== undefined && { following }),
    ...(following === false &&
      master !== undefined &&
      isAstray(server, master, evidence) && { astray: true as const }),
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
  return isSuperseded(server, evidence) ? 'stale' : 'contender';
}

/** On the master's history; a server that does not tell its history is given the benefit of the doubt. */
function isFollowing(replica: AnsweredServer, master: AnsweredServer): boolean {
  const [own, its] = [replica.report.history?.id, master.report.history?.id];
  return own === undefined || its === undefined || own === its;
}

/** In step with somebody, and not with the past of the master: it replicates from a master that we do not know of. */
function isAstray({ report }: AnsweredServer, master: AnsweredServer, { lineage }: Evidence): boolean {
  const [own, its] = [report.history?.id, master.report.history?.id];
  return report.link === 'up' && own !== undefined && its !== undefined && !descendsFrom(lineage, its, own);
}

function lagBehind(replica: AnsweredServer, master: AnsweredServer | undefined): number | undefined {
  const [written, applied] = [master?.report.offset, replica.report.offset];
  // The two were sampled at different moments, so the replica can seem ahead of the master.
  return written === undefined || applied === undefined ? undefined : Math.max(0, written - applied);
}
