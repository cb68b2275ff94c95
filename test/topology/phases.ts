import type {
  DataLoss,
  Failover,
  Topology,
  TopologyKind,
  TopologyNode,
} from '../../lib/topology/topology.js';
import type { ProbeRound } from './reports.js';

/** One round of probes, and what must follow from it and from all rounds before it. */
export interface Phase extends ProbeRound {
  readonly facts: Facts;
}

export interface Case {
  readonly name: string;
  readonly phases: readonly Phase[];
}

/** The whole of what each phase compares, so that no change goes unnoticed. */
export interface Facts {
  readonly kind: TopologyKind;
  readonly master?: string;
  readonly claimants?: readonly string[];
  readonly generation: number;
  readonly nodes: Readonly<Record<string, TopologyNode['kind']>>;
  readonly loss?: Omit<DataLoss, 'at'>;
  readonly failover?: Pick<Failover, 'from' | 'to' | 'tookMs' | 'cause'>;
}

export function factsOf(topology: Topology): Facts {
  const { lastDataLoss: loss, lastFailover: failover } = topology;
  return {
    kind: topology.kind,
    generation: topology.generation,
    nodes: Object.fromEntries(topology.nodes.map(({ endpoint, kind }) => [endpoint, kind])),
    ...('master' in topology && { master: topology.master }),
    ...('claimants' in topology && { claimants: topology.claimants }),
    ...(loss && { loss: { kind: loss.kind, endpoint: loss.endpoint, bytes: loss.bytes } }),
    ...(failover && {
      failover: { from: failover.from, to: failover.to, tookMs: failover.tookMs, cause: failover.cause },
    }),
  };
}
