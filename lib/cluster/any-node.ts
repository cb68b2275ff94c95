import { distinctUntilChanged, map, type Observable } from 'rxjs';
import { sameValue } from '../stream/same-value.js';
import type { TopologyStream } from '../stream/topology-stream.js';
import type { Pick as Picked } from '../topology/pick.js';
import { initialResolution } from '../topology/resolve-topology.js';
import type { Topology, TopologyNode } from '../topology/topology.js';
import type { ClusterTopology } from './cluster-topology.js';

/** All nodes of the cluster as if they were one group, for a connection that any of them serves. */
export function streamOfAllNodes(
  topology$: Observable<ClusterTopology>,
  { observed$, emit }: Pick<TopologyStream, 'observed$' | 'emit'>,
): TopologyStream {
  return {
    topology$: topology$.pipe(
      map(({ shards }) => shards.flatMap(({ topology }) => topology.nodes)),
      distinctUntilChanged<readonly TopologyNode[]>(sameValue),
      map((nodes): Topology => ({ ...initialResolution(0).topology, nodes })),
    ),
    observed$,
    emit,
    close: () => undefined,
  };
}

/** The node in use as long as it answers, else any that does. */
export function pickAny({ nodes }: Topology, current: string | undefined, random: number): Picked {
  const serving = nodes.filter(isServing);
  const node =
    serving.find(({ endpoint }) => endpoint === current) ?? serving[Math.floor(random * serving.length)];
  return node === undefined
    ? { kind: 'wait', reason: 'no node of the cluster answers' }
    : { kind: 'use', node, role: node.role };
}

function isServing(node: TopologyNode): node is TopologyNode & { readonly reachable: true } {
  return node.kind === 'master' || node.kind === 'replica';
}
