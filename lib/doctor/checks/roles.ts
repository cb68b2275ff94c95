import type { Facts, Group } from '../facts.js';
import { finding, type Finding } from '../finding.js';
import type { LogCode } from '../../topology/log-code.js';
import { masterOf, type TopologyNode } from '../../topology/topology.js';

/** Who is the master, and whether that is beyond doubt. */
export function checkRoles({ groups, setup, notes, unassignedSlots }: Facts): readonly Finding[] {
  return [
    ...sourceFaults(groups, notes),
    ...groups.flatMap((group) => [
      ...checkMaster(group),
      ...checkMajority(group, setup),
      ...group.topology.nodes.flatMap(checkNode),
    ]),
    ...(unassignedSlots > 0
      ? [
          finding('slots-unassigned', {
            what: `${unassignedSlots} slots belong to no shard, and commands for their keys are held`,
            remedy: 'Run `redis-cli --cluster check <host:port>`, and `redis-cli --cluster fix <host:port>`.',
          }),
        ]
      : []),
  ];
}

/** The source failed, that of a cluster failed, and a node that did not tell the slots of a cluster. */
const SOURCE_FAULTS: readonly LogCode[] = ['RR302', 'RR504', 'RR505'];

function sourceFaults(groups: readonly Group[], notes: Facts['notes']): readonly Finding[] {
  const severity = groups.some(({ topology }) => masterOf(topology) !== undefined) ? 'warning' : 'error';
  return notes
    .filter(({ code }) => SOURCE_FAULTS.includes(code))
    .map(({ text }) =>
      finding('source-failing', {
        what: text,
        severity,
        remedy:
          'Correct what the message names; until then, no nodes are known or the last list stays in use.',
      }),
    );
}

function checkMaster({ shard, topology }: Group): readonly Finding[] {
  const of = shard === undefined ? '' : ` of ${shard}`;
  switch (topology.kind) {
    case 'steady':
      return topology.unproven === undefined
        ? []
        : [
            finding('unproven', {
              node: topology.master,
              what: 'it was accepted as the master without proof: writes may be missing that another node has acknowledged',
              remedy: 'Let the other nodes follow it, or start the node that was the master before.',
            }),
          ];
    case 'unknown':
    case 'masterless':
      return [
        finding('no-master', {
          what: `no node${of} is a master that may be written to`,
          remedy:
            'Run `REPLICAOF NO ONE` on the replica with the highest `master_repl_offset` of `INFO replication`, and `REPLICAOF <host> <port>` on the others.',
        }),
      ];
    case 'contested':
      return [
        finding('contested', {
          severity: topology.master === undefined ? 'error' : 'warning',
          what: `split brain${of}: ${topology.claimants.join(' and ')} claim to be the master, and replication history does not prove which is right`,
          remedy: `Decide which one has the right data, and run \`REPLICAOF <host> <port>\` of that one on the others. What they alone have is lost then.`,
        }),
      ];
    default:
      return topology satisfies never;
  }
}

function checkMajority({ topology }: Group, { requireMajority }: Facts['setup']): readonly Finding[] {
  if (!requireMajority) {
    return [];
  }
  const servers = topology.servers ?? topology.nodes.length;
  const reachable = topology.nodes.filter((node) => node.reachable).length;
  if (2 * reachable <= servers) {
    return [
      finding('no-majority', {
        what: `requireMajority is set, and ${reachable} of ${servers} nodes can be reached: writes are held`,
        remedy: 'Start the other nodes, or take those that are gone for good out of the source.',
      }),
    ];
  }
  return servers === 2
    ? [
        finding('majority-of-two', {
          what: 'requireMajority is set, and there are two nodes: both are needed for writes',
          remedy: 'Add a third node, or leave out requireMajority.',
        }),
      ]
    : [];
}

function checkNode(node: TopologyNode): readonly Finding[] {
  if (!node.reachable) {
    return [];
  }
  const { endpoint } = node;
  const aliases = node.aliases ?? [];
  return [
    ...(node.kind === 'stale'
      ? [
          finding('stale-master', {
            node: endpoint,
            what: `it still claims to be the master, but another one has superseded it; what other clients write to it is lost${node.lostBytes === undefined ? '' : ` (${node.lostBytes} bytes so far)`}`,
            remedy: 'Run `REPLICAOF <host> <port>` of the master on it.',
          }),
        ]
      : []),
    ...(node.untrusted === true
      ? [
          finding('untrusted-info', {
            node: endpoint,
            what: 'somebody writes lines into its INFO, as a replica can by REPLCONF, so its history proves nothing',
            remedy:
              'Run `CLIENT LIST TYPE replica` on it, and close what is none of yours; let nobody else use PSYNC and REPLCONF.',
          }),
        ]
      : []),
    ...aliases.map((alias) =>
      finding('same-server', {
        node: endpoint,
        what: `${alias} leads to the same server, so there is one node less than listed`,
        remedy: 'Name each server once.',
      }),
    ),
  ];
}
