import type { Probed } from '../nest/observed-groups.js';
import { masterOf, type DataLoss, type Topology } from '../topology/topology.js';
import { noLag, trackLag, type LagTrack, type Offsets } from './lag.js';
import { advance, startMasterlessTime, type MasterlessTime } from './masterless-time.js';

/** What adds up over time for one group, or for one shard of a cluster. */
export interface GroupState {
  readonly lag: LagTrack;
  readonly masterless: MasterlessTime;
  readonly losses: Readonly<Record<DataLoss['kind'], number>>;
  readonly lastLossAt: number | undefined;
}

export function initialGroupState(at: number): GroupState {
  return {
    lag: noLag,
    masterless: startMasterlessTime(at),
    losses: { 'not replicated': 0, 'restarted behind': 0, 'restarted empty': 0, 'replaced by empty': 0 },
    lastLossAt: undefined,
  };
}

export function nextGroupState(state: GroupState, { topology, endpoint, at }: Probed): GroupState {
  return {
    ...addLoss(state, topology.lastDataLoss),
    lag: trackLag(state.lag, { at, probed: endpoint }, offsetsOf(topology)),
    masterless: advance(state.masterless, at, masterOf(topology) !== undefined),
  };
}

/** A loss that grows is still the same. */
function addLoss(state: GroupState, loss: DataLoss | undefined): GroupState {
  return loss === undefined || loss.at === state.lastLossAt
    ? state
    : {
        ...state,
        losses: { ...state.losses, [loss.kind]: state.losses[loss.kind] + 1 },
        lastLossAt: loss.at,
      };
}

/** Those of the master and of the replicas that follow it, which are of one history. */
function offsetsOf(topology: Topology): Offsets | undefined {
  const master = masterOf(topology);
  if (master === undefined) {
    return undefined;
  }
  const offsets = topology.nodes.flatMap((node) =>
    node.reachable && node.offset !== undefined && (node.kind === 'master' || node.lagBytes !== undefined)
      ? [[node.endpoint, node.offset] as const]
      : [],
  );
  return { master, offsets: new Map(offsets) };
}
