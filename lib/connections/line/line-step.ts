import { closeGently } from '../../sockets/close-socket.js';
import type { Pick } from '../../topology/pick.js';
import { findNode, type Topology } from '../../topology/topology.js';
import type { LineState } from './line-state.js';
import { isInDoubt, isSameProcess } from './server-identity.js';

/** What a line with a socket does when the topology changes. */
export type LineStep =
  | { readonly kind: 'resume' }
  | { readonly kind: 'leave'; readonly reason: string; readonly drain: boolean }
  | { readonly kind: 'suspend'; readonly reason: string };

interface Situation {
  readonly endpoint: string;
  readonly runId: string | undefined;
  /** Whether nothing was written until now, because the node was silent or lacked a required majority. */
  readonly wasSuspended: boolean;
  readonly topology: Topology;
  readonly pick: Pick;
}

/** Compares the node in use with the node that the topology picks. */
export function nextStep({ endpoint, runId, wasSuspended, topology, pick }: Situation): LineStep {
  const isReachable = findNode(topology, endpoint)?.reachable === true;
  if (pick.kind === 'use') {
    if (pick.node.endpoint !== endpoint || !isSameProcess(pick, runId)) {
      return {
        kind: 'leave',
        reason: `moving from ${endpoint} to ${pick.node.endpoint}`,
        drain: isReachable,
      };
    }
    return isInDoubt(pick, { runId, wasSuspended })
      ? { kind: 'leave', reason: `${endpoint} may have been restarted`, drain: true }
      : { kind: 'resume' };
  }
  const { reason } = pick;
  return isReachable && pick.stay !== true
    ? { kind: 'leave', reason, drain: true }
    : { kind: 'suspend', reason };
}

/** What happens to a socket that is being left, as long as replies are missing. */
export type DrainStep =
  | { readonly kind: 'close' }
  /** There is no other node to go to, so waiting for the replies delays nothing. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'hurry'; readonly to: string };

export function nextDrainStep({
  endpoint,
  topology,
  pick,
}: Omit<Situation, 'runId' | 'wasSuspended'>): DrainStep {
  if (findNode(topology, endpoint)?.reachable !== true) {
    return { kind: 'close' };
  }
  return pick.kind === 'use' ? { kind: 'hurry', to: pick.node.endpoint } : { kind: 'wait' };
}

/** Whether the state is one that a change of the topology can end. */
export function isUnderWay(
  state: LineState,
): state is LineState & { readonly kind: 'handshake' | 'open' | 'suspended' } {
  return state.kind !== 'waiting' && state.kind !== 'leaving';
}

/** Closes the socket of a line. What was written in an open state still reaches the node. */
export function closeSocket(state: LineState): void {
  if (state.kind === 'open' || state.kind === 'handshake') {
    closeGently(state.socket);
  } else {
    destroySocket(state);
  }
}

export function destroySocket(state: LineState): void {
  if ('socket' in state) {
    state.socket.destroy();
  }
}
