import type { Facts, Group, NodeFacts } from '../facts.js';
import { finding, type Finding } from '../finding.js';
import { formatEndpoint } from '../../topology/endpoint.js';
import { masterOf, type TopologyNode } from '../../topology/topology.js';

/** A replica that is behind by more than this loses it when it is promoted now. */
const MUCH_LAG_BYTES = 1_000_000;
/** Masters ping their replicas every ten seconds. */
const SILENT_SECONDS = 30;

type Replica = TopologyNode & { readonly kind: 'replica' };

/** Whether replicas are there, follow the master and keep up. */
export function checkReplicas(facts: Facts): readonly Finding[] {
  const replicas = facts.nodes.map(({ node }) => node).filter(isReplica);
  return [
    ...facts.groups.flatMap((group) => checkNumber(group, facts.setup)),
    ...facts.nodes.flatMap((each) => [
      ...checkLink(each),
      ...checkPlace(each, replicas),
      ...checkSettings(each),
    ]),
    ...checkCandidates(facts),
  ];
}

function checkNumber({ shard, topology }: Group, { minReplicas }: Facts['setup']): readonly Finding[] {
  const replicas = topology.nodes.filter(isReplica);
  const usable = replicas.filter(({ link, foreign }) => link === 'up' && foreign !== true);
  const of = shard === undefined ? 'the group' : shard;
  if (masterOf(topology) === undefined) {
    return [];
  }
  if (replicas.length === 0) {
    return [
      finding('no-replica', {
        what: `${of} has no replica that can be reached: there is nothing to fail over to`,
        remedy: 'Start one: `redis-server --replicaof <host> <port>`, and name it in the source.',
      }),
    ];
  }
  return usable.length < minReplicas
    ? [
        finding('few-replicas', {
          what: `${of} has ${usable.length} usable replicas, and minReplicas is ${minReplicas}: health is degraded`,
          remedy: 'Start replicas, or lower minReplicas.',
        }),
      ]
    : [];
}

function checkLink({ node, server }: NodeFacts): readonly Finding[] {
  if (!isReplica(node) || node.foreign === true) {
    return [];
  }
  const master = server?.follows === undefined ? 'its master' : formatEndpoint(server.follows);
  if (node.link === 'down') {
    return [
      finding('replica-link-down', {
        node: node.endpoint,
        what: `it has lost ${master}, and its data get old`,
        remedy:
          'See its log; often it lacks the password (`CONFIG SET masterauth <password>`, `masteruser`) or the address is wrong (`REPLICAOF <host> <port>`).',
      }),
    ];
  }
  if (node.link === 'syncing') {
    return [
      finding('replica-syncing', {
        node: node.endpoint,
        what: `it is getting a full copy from ${master}`,
        remedy:
          'Wait; if this comes back again and again, `repl-backlog-size` or `repl-timeout` is too small.',
      }),
    ];
  }
  return lagging(node, Number(server?.info.get('master_last_io_seconds_ago') ?? 0));
}

function lagging({ endpoint, lagBytes = 0 }: Replica, silentSeconds: number): readonly Finding[] {
  if (lagBytes <= MUCH_LAG_BYTES && silentSeconds <= SILENT_SECONDS) {
    return [];
  }
  return [
    finding('replica-lags', {
      node: endpoint,
      what: `it is ${lagBytes} bytes behind the master and has heard nothing for ${silentSeconds} s; if it is promoted now, they are lost`,
      remedy: 'See the network between the two, and the load of the replica (`INFO cpu`, `SLOWLOG GET`).',
    }),
  ];
}

function checkPlace({ node, server }: NodeFacts, replicas: readonly Replica[]): readonly Finding[] {
  if (!isReplica(node)) {
    return [];
  }
  const named = server?.follows === undefined ? 'another server' : formatEndpoint(server.follows);
  if (node.foreign === true || node.astray === true) {
    return [
      finding('replica-astray', {
        node: node.endpoint,
        what: `it follows ${named}, whose data are not those of the group${node.foreign === true ? '; readers do not use it' : ''}`,
        remedy: 'Run `REPLICAOF <host> <port>` of the master on it.',
      }),
    ];
  }
  return replicas.some(({ endpoint }) => endpoint === named)
    ? [
        finding('replica-chained', {
          node: node.endpoint,
          what: `it follows ${named}, which is a replica itself: it gets everything later, and nothing while that one is gone`,
          remedy: 'Run `REPLICAOF <host> <port>` of the master on it, unless the chain is meant to be.',
        }),
      ]
    : [];
}

function checkSettings({ node, server }: NodeFacts): readonly Finding[] {
  return isReplica(node) && server?.settings.get('replica-read-only') === 'no'
    ? [
        finding('replica-writable', {
          node: node.endpoint,
          what: 'it takes writes, which no other node gets, and which are lost with its next full copy',
          remedy: 'Run `CONFIG SET replica-read-only yes` on it.',
        }),
      ]
    : [];
}

function isExcluded({ server }: NodeFacts): boolean {
  return server?.settings.get('replica-priority') === '0';
}

/** Sentinels promote no replica whose priority is 0. */
function checkCandidates({ nodes, setup }: Facts): readonly Finding[] {
  const replicas = nodes.filter(({ node, server }) => isReplica(node) && server !== undefined);
  return setup.source === 'sentinel' && replicas.length > 0 && replicas.every(isExcluded)
    ? [
        finding('no-candidate', {
          what: 'each replica has the priority 0, so Sentinels promote none',
          remedy: 'Run `CONFIG SET replica-priority 100` on those that may be promoted.',
        }),
      ]
    : [];
}

export function isReplica(node: TopologyNode): node is Replica {
  return node.kind === 'replica';
}
