import { isForbidden } from '../replies/is-forbidden.js';
import type { Unfit } from './answer.js';
import type { ControlConnection } from './control-connection.js';

/** Whether a node belongs to a plain replication group or to a Redis Cluster. */
export type ServerMode = 'plain' | 'cluster';

export function unfitMode(mode: string | undefined, expected: ServerMode): Unfit | undefined {
  switch (mode) {
    case 'sentinel':
      return {
        kind: 'unfit',
        fault: 'SENTINEL',
        message: 'this is a Sentinel, not a data node; name the data nodes',
      };
    case 'cluster':
      return expected === 'cluster'
        ? undefined
        : {
            kind: 'unfit',
            fault: 'CLUSTER',
            message: 'cluster mode is on; use the option "cluster" instead of "source"',
          };
    case 'standalone':
      return expected === 'plain'
        ? undefined
        : {
            kind: 'unfit',
            fault: 'CLUSTER',
            message: 'cluster mode is off; use the option "source" instead of "cluster"',
          };
    default:
      return undefined;
  }
}

export function unfitWhileLoading(loading: string | undefined): Unfit | undefined {
  return loading === '1'
    ? { kind: 'unfit', fault: 'LOADING', message: 'the server is loading its data' }
    : undefined;
}

export const down: Unfit = {
  kind: 'unfit',
  fault: 'CLUSTERDOWN',
  message: 'the cluster is down for this node (cluster_state:fail)',
};

export async function mayAskForState(call: ControlConnection['call']): Promise<boolean> {
  try {
    await call('CLUSTER', 'INFO');
    return true;
  } catch (error) {
    if (isForbidden(error)) {
      return false;
    }
    throw error;
  }
}

export async function asksWhetherDown(call: ControlConnection['call']): Promise<boolean> {
  try {
    return /^cluster_state:fail\r?$/m.test(String(await call('CLUSTER', 'INFO')));
  } catch {
    // The other command fails too, and says why.
    return false;
  }
}
